/**
 * One node's share of a replicated store, whichever protocol is in front of it: a {@link
 * io.quorate.replication.replica.CellTable} that keeps the newer of two versions and a summary of
 * what it holds, and the {@link io.quorate.replication.replica.Repair} that compares it with peers.
 */
package io.quorate.replication.replica;
