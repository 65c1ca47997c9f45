package io.quorate.core.membership;

import java.io.IOException;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.jgroups.Event;
import org.jgroups.JChannel;
import org.jgroups.PhysicalAddress;
import org.jgroups.Receiver;
import org.jgroups.View;
import org.jgroups.protocols.FD_ALL3;
import org.jgroups.stack.IpAddress;
import org.jgroups.util.UUID;

/**
 * One JGroups member as a process of its own, which prints what {@link MemberProcess} does: who is
 * new in a view has joined, who is missing has died. JGroups tells nobody of suspicions.
 */
final class JGroupsMember {
  private JGroupsMember() {}

  /**
   * Takes a name, the port of a seed or 0, and after how many seconds of silence a member is
   * suspected; the stack is JGroups's own {@code tcp.xml}, where it is 40.
   */
  public static void main(String[] arguments) throws Exception {
    PrintStream out = System.out;
    // JGroups prints to what it takes for the console.
    System.setOut(System.err);
    System.setProperty("jgroups.bind_addr", "127.0.0.1");
    System.setProperty("jgroups.bind_port", "" + freePort());
    System.setProperty("jgroups.tcpping.initial_hosts", "127.0.0.1[" + arguments[1] + "]");
    long silenceMillis = 1_000 * Long.parseLong(arguments[2]);
    try (JChannel channel = new JChannel("tcp.xml")) {
      FD_ALL3 heartbeats = channel.getProtocolStack().findProtocol(FD_ALL3.class);
      // Eight heartbeats within the time, as in tcp.xml.
      heartbeats.setTimeout(silenceMillis).setInterval(silenceMillis / 8);
      long number = Long.parseLong(arguments[0].substring(1));
      channel.addAddressGenerator(() -> new UUID(1, number));
      channel.setReceiver(new Views(out));
      channel.connect("processes");
      PhysicalAddress address =
          (PhysicalAddress)
              channel.down(new Event(Event.GET_PHYSICAL_ADDRESS, channel.getAddress()));
      out.println("ready " + ((IpAddress) address).getPort());
      MemberProcess.Stall stall = new MemberProcess.Stall();
      stall.start();
      while (System.in.read() >= 0) {
        // Whoever started this process holds its input open for as long as it is to run.
      }
      out.println("stalled " + stall.worstNanos / 1_000_000);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** Views as events. */
  private static final class Views implements Receiver {
    private final PrintStream out;
    private Set<String> members = Set.of();

    Views(PrintStream out) {
      this.out = out;
    }

    @Override
    public void viewAccepted(View view) {
      long now = System.nanoTime();
      Set<String> next =
          view.getMembers().stream()
              .map(address -> "n" + ((UUID) address).getLeastSignificantBits())
              .collect(Collectors.toCollection(LinkedHashSet::new));
      next.stream()
          .filter(name -> !members.contains(name))
          .forEach(name -> out.println("JOINED " + name + " " + now));
      members.stream()
          .filter(name -> !next.contains(name))
          .forEach(name -> out.println("DIED " + name + " " + now));
      members = next;
    }
  }
}
