/**
 * Where tags come from. A {@link io.quorate.replication.clock.TagClock} gives each version of each
 * key a {@link io.quorate.replication.Tag} that is never given again; a {@link
 * io.quorate.replication.clock.Incarnation} makes that true across restarts and wiped disks.
 */
package io.quorate.replication.clock;
