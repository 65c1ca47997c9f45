/**
 * A summary of what a replica holds, kept up to date with every write, by which two replicas find
 * their differences at a cost that grows with the differences and not with the data.
 */
package io.quorate.replication.merkle;
