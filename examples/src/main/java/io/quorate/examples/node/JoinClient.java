package io.quorate.examples.node;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a newcomer asks of members that it was told of, one after the other until one answers. */
final class JoinClient {
  /** What a member says about the cluster. */
  record Cluster(SortedSet<NodeId> founders, SortedMap<NodeId, Address> addresses) {}

  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final int NAME_TAKEN = 412;

  private final List<Address> seeds;
  private final HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();

  JoinClient(List<Address> seeds) {
    this.seeds = seeds;
  }

  /** What the first seed that answers knows; empty if none does. */
  Optional<Cluster> cluster() {
    for (Address seed : seeds) {
      Optional<HttpResponse<String>> answer = send(seed, "GET", "/cluster", "");
      if (answer.isPresent() && answer.get().statusCode() == 200) {
        return Optional.of(parse(answer.get().body()));
      }
    }
    return Optional.empty();
  }

  /**
   * Asks to be entered.
   *
   * @return whether a member has done so
   * @throws IllegalArgumentException if the name is taken by a member elsewhere
   */
  boolean enter(NodeId self, Address address) {
    for (Address seed : seeds) {
      Optional<HttpResponse<String>> answer =
          send(seed, "PUT", "/cluster/" + self, address.toString());
      if (answer.isPresent() && answer.get().statusCode() == NAME_TAKEN) {
        throw new IllegalArgumentException(
            "--id " + self + " at " + address + " is refused: " + answer.get().body().strip());
      }
      if (answer.isPresent() && answer.get().statusCode() == 204) {
        return true;
      }
    }
    return false;
  }

  private Optional<HttpResponse<String>> send(
      Address seed, String method, String path, String body) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + seed + path))
            .timeout(TIMEOUT)
            .method(method, BodyPublishers.ofString(body))
            .build();
    try {
      return Optional.of(client.send(request, BodyHandlers.ofString()));
    } catch (IOException e) {
      // The next seed may be up; the caller tries all of them again.
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private static Cluster parse(String text) {
    JsonObject json = JsonParser.parseString(text).getAsJsonObject();
    SortedSet<NodeId> founders = new TreeSet<>();
    json.getAsJsonArray("founders").forEach(id -> founders.add(NodeId.of(id.getAsString())));
    SortedMap<NodeId, Address> addresses = new TreeMap<>();
    for (Map.Entry<String, JsonElement> member : json.getAsJsonObject("members").entrySet()) {
      String address = member.getValue().getAsJsonObject().get("address").getAsString();
      addresses.put(NodeId.of(member.getKey()), Address.parse(address));
    }
    return new Cluster(founders, addresses);
  }
}
