/**
 * What follows from who is in the cluster. Gossip says who is there and how they are: a {@link
 * io.quorate.examples.cluster.FollowingBalancer} and a {@link
 * io.quorate.examples.cluster.FollowingPartitioner} go by it at once, since a wrong opinion costs
 * them a detour. Who owns data is never decided so: a {@link
 * io.quorate.examples.cluster.PlacementProposer} only proposes, and a {@link
 * io.quorate.examples.cluster.StorePlacementRegister} takes one placement for each epoch.
 */
package io.quorate.examples.cluster;
