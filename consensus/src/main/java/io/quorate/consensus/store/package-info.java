/**
 * A strongly consistent key-value store, replicated by Raft. {@link
 * io.quorate.consensus.store.ConsistentStore} is the door. Every value has a version that is never
 * used twice; writes may depend on versions; changes can be watched from any index on.
 */
package io.quorate.consensus.store;
