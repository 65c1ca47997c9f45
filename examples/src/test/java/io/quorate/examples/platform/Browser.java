package io.quorate.examples.platform;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * A headless Chromium with one page, asked over its DevTools protocol. Each call waits for the
 * browser's reply, for a minute at most.
 */
final class Browser implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final HttpClient client = HttpClient.newHttpClient();
  private final BlockingQueue<JsonObject> replies = new LinkedBlockingQueue<>();
  private final Process process;
  private final WebSocket socket;
  private int lastId;
  private double mouseX;
  private double mouseY;

  /** {@code profile} is a directory of its own. */
  Browser(Path program, Path profile, String address) throws Exception {
    ProcessBuilder browser =
        new ProcessBuilder(
                program.toString(),
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
                "--window-size=1280,1800", "--remote-debugging-port=0",
                "--user-data-dir=" + profile, address)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    // What it would leave elsewhere otherwise.
    browser.environment().put("TMPDIR", profile.toString());
    process = browser.start();
    try {
      socket =
          client
              .newWebSocketBuilder()
              .connectTimeout(PATIENCE)
              .buildAsync(pageOf(profile), new Replies())
              .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      await("location.href === '" + address + "' && document.readyState === 'complete'");
    } catch (Exception e) {
      process.destroyForcibly();
      throw e;
    }
  }

  /** The browser of this machine, if it has one. */
  static Optional<Path> installed() {
    return Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
        .map(Path::of)
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Where the page is to be asked: the browser writes its port down once it listens. */
  private URI pageOf(Path profile) throws Exception {
    Path file = profile.resolve("DevToolsActivePort");
    Waiting.until(
        () -> Files.exists(file) && Files.readAllLines(file).size() == 2, PATIENCE, "a browser");
    URI list = URI.create("http://127.0.0.1:" + Files.readAllLines(file).get(0) + "/json/list");
    String pages =
        client.send(HttpRequest.newBuilder(list).build(), BodyHandlers.ofString()).body();
    for (JsonElement page : JsonParser.parseString(pages).getAsJsonArray()) {
      JsonObject about = page.getAsJsonObject();
      if (about.get("type").getAsString().equals("page")) {
        return URI.create(about.get("webSocketDebuggerUrl").getAsString());
      }
    }
    throw new IOException("the browser has no page: " + pages);
  }

  /** What {@code script} is on the page, as text. */
  String evaluate(String script) throws Exception {
    JsonObject parameters = new JsonObject();
    parameters.addProperty("expression", "String(" + script + ")");
    JsonObject result = call("Runtime.evaluate", parameters);
    if (result.has("exceptionDetails")) {
      throw new IllegalArgumentException(script + ": " + result.get("exceptionDetails"));
    }
    return result.getAsJsonObject("result").get("value").getAsString();
  }

  /** Waits until {@code script} is true on the page. */
  void await(String script) throws Exception {
    Waiting.until(() -> evaluate(script).equals("true"), PATIENCE, script);
  }

  void click(String selector) throws Exception {
    press(selector);
    release();
  }

  /** Presses the left button of the mouse in the middle of what {@code selector} finds. */
  void press(String selector) throws Exception {
    String found = "document.querySelector('" + selector + "')";
    evaluate(found + ".scrollIntoView({block: 'center'})");
    String[] middle =
        evaluate(
                "(() => { const box = " + found + ".getBoundingClientRect();"
                    + " return [box.x + box.width / 2, box.y + box.height / 2] })()")
            .split(",");
    mouseX = Double.parseDouble(middle[0]);
    mouseY = Double.parseDouble(middle[1]);
    mouse("mousePressed");
  }

  /** Releases the button of the mouse where it was pressed. */
  void release() throws Exception {
    mouse("mouseReleased");
  }

  private void mouse(String what) throws Exception {
    JsonObject event = new JsonObject();
    event.addProperty("type", what);
    event.addProperty("x", mouseX);
    event.addProperty("y", mouseY);
    event.addProperty("button", "left");
    event.addProperty("clickCount", 1);
    call("Input.dispatchMouseEvent", event);
  }

  /** Types into what has the focus. */
  void type(String text) throws Exception {
    JsonObject parameters = new JsonObject();
    parameters.addProperty("text", text);
    call("Input.insertText", parameters);
  }

  BufferedImage screenshot() throws Exception {
    String png = call("Page.captureScreenshot", new JsonObject()).get("data").getAsString();
    return ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(png)));
  }

  private JsonObject call(String method, JsonObject parameters) throws Exception {
    JsonObject request = new JsonObject();
    request.addProperty("id", ++lastId);
    request.addProperty("method", method);
    request.add("params", parameters);
    socket.sendText(request.toString(), true).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    JsonObject reply = replies.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    if (reply == null || reply.get("id").getAsInt() != lastId || !reply.has("result")) {
      throw new IOException(method + " was answered by " + reply);
    }
    return reply.getAsJsonObject("result");
  }

  @Override
  public void close() {
    socket.abort();
    process.destroy();
    process.onExit().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
  }

  /** Puts messages together from their parts; events, of which none was asked for, are dropped. */
  private final class Replies implements WebSocket.Listener {
    private final StringBuilder parts = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
      parts.append(part);
      if (last) {
        JsonObject message = JsonParser.parseString(parts.toString()).getAsJsonObject();
        parts.setLength(0);
        if (message.has("id")) {
          replies.add(message);
        }
      }
      socket.request(1);
      return null;
    }
  }
}
