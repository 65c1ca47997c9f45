/**
 * Who is in the cluster, who is slow, who is gone. {@link io.quorate.core.membership.Membership} is
 * the door: it joins by seed addresses, gossips (SWIM with Lifeguard) and tells listeners about every
 * change of its {@link io.quorate.core.membership.View}. {@link
 * io.quorate.core.membership.FailureDetector} judges one stream of heartbeats.
 *
 * <p>A view is an opinion, good for routing and for proposing; who owns which data is agreed
 * elsewhere, by consensus.
 */
package io.quorate.core.membership;
