package io.quorate.replication.peers;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jgroups.JChannel;
import org.jgroups.protocols.FD_ALL3;
import org.jgroups.protocols.FRAG2;
import org.jgroups.protocols.MFC;
import org.jgroups.protocols.TCP;
import org.jgroups.protocols.TCPPING;
import org.jgroups.protocols.UFC;
import org.jgroups.protocols.UNICAST3;
import org.jgroups.protocols.pbcast.GMS;
import org.jgroups.protocols.pbcast.NAKACK2;
import org.jgroups.protocols.pbcast.STABLE;
import org.jgroups.stack.Protocol;

/** JGroups channels over loopback TCP, for the products that are built on them. */
final class Stacks {
  private static final int MEMBERS = 3;

  private Stacks() {}

  /** A channel of the {@code member}-th of three, with the protocols that a product puts on top. */
  static JChannel channel(int basePort, int member, Protocol... onTop) throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    List<InetSocketAddress> hosts = new ArrayList<>();
    for (int i = 0; i < MEMBERS; i++) {
      hosts.add(new InetSocketAddress(loopback, basePort + i));
    }
    TCP tcp = new TCP();
    tcp.setBindAddr(loopback).setBindPort(basePort + member);
    List<Protocol> protocols =
        new ArrayList<>(
            List.of(
                tcp, new TCPPING().setInitialHosts(hosts), new FD_ALL3(), new NAKACK2(),
                new UNICAST3(), new STABLE(), new GMS(), new UFC(), new MFC(), new FRAG2()));
    protocols.addAll(List.of(onTop));
    return new JChannel(protocols.toArray(new Protocol[0]));
  }
}
