/**
 * One node of a cluster as a process: three stores over HTTP. {@link
 * io.quorate.examples.node.HttpApi} turns requests into calls of a {@link
 * io.quorate.examples.node.KeyValueStore} and its answers into status codes.
 *
 * <p>A node that is started with {@code --join HOST:PORT,...}, where members serve users, is added
 * to the cluster while it is in use: it prints lines that begin with {@code join} on its way, the
 * last one {@code join done}, and tells the same in {@code /status}. {@code DELETE /cluster/ID}
 * takes a node out, dead or alive, once its keys are with others; {@code GET /cluster} shows how
 * far both are. What is wanted is agreed on in a {@link io.quorate.examples.node.Registry}; a
 * {@link io.quorate.examples.node.Steward} on each node brings it about.
 */
package io.quorate.examples.node;
