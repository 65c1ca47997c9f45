/**
 * Messages between nodes. {@link io.quorate.core.transport.Transport} is the door: a component
 * opens an {@link io.quorate.core.transport.Endpoint} under the name of its service and exchanges
 * one-way messages and requests with the same service of other nodes. {@link
 * io.quorate.core.transport.Datagrams} carries what may get lost.
 */
package io.quorate.core.transport;
