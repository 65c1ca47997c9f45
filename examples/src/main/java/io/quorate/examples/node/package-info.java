/**
 * One node of a cluster as a process: three stores over HTTP. {@link
 * io.quorate.examples.node.HttpApi} turns requests into calls of a {@link
 * io.quorate.examples.node.KeyValueStore} and its answers into status codes.
 */
package io.quorate.examples.node;
