/**
 * The Raft consensus algorithm: a replicated log that survives the loss of any minority of nodes.
 *
 * <p>{@code RaftCore} decides: a pure state machine from inputs to effects. A thin driver performs
 * the effects on the log, the network and the application's state machine.
 *
 * @see <a href="https://raft.github.io/raft.pdf">Ongaro and Ousterhout, In Search of an
 *     Understandable Consensus Algorithm</a>
 */
package io.quorate.consensus.raft;
