package io.quorate.resilience.balance;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Draws latencies as SVG: for each row the median, p99 and p99.9 on a logarithmic axis. */
final class TailChart {
  /** One policy; in milliseconds. */
  record Row(String name, double p50, double p99, double p999) {}

  private record Panel(String title, List<Row> rows) {}

  private static final int WIDTH = 820;
  private static final int LEFT = 210;
  private static final int RIGHT = 30;
  private static final int ROW = 22;
  private static final double FROM = 1;
  private static final double TO = 200_000;

  private final List<Panel> panels = new ArrayList<>();

  void panel(String title, List<Row> rows) {
    panels.add(new Panel(title, List.copyOf(rows)));
  }

  String svg() {
    StringBuilder body = new StringBuilder();
    int y = 34;
    for (Panel panel : panels) {
      y = draw(body, panel, y) + 26;
    }
    return """
        <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" \
        font-family="sans-serif" font-size="12">
        <rect width="100%%" height="100%%" fill="white"/>
        <text x="12" y="18">Latency in ms: <tspan fill="#888">p50</tspan> \
        <tspan fill="#1f77b4">p99</tspan> <tspan fill="#d62728">p99.9</tspan></text>
        %s</svg>
        """
        .formatted(WIDTH, y, body);
  }

  private static int draw(StringBuilder out, Panel panel, int top) {
    int y = top + 20;
    int bottom = y + ROW * panel.rows.size();
    text(out, 12, top + 6, "start", "bold", panel.title);
    for (double tick = FROM; tick <= TO; tick *= 10) {
      out.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#ddd\"/>%n",
              x(tick), x(tick), y - 8, bottom - 6));
      text(out, x(tick), bottom + 8, "middle", "normal", String.format(Locale.ROOT, "%.0f", tick));
    }
    for (Row row : panel.rows) {
      text(out, LEFT - 12, y + 8, "end", "normal", row.name);
      out.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#bbb\""
                  + " stroke-width=\"3\"/>%n",
              x(row.p50), x(row.p999), y + 4, y + 4));
      dot(out, row.p50, y, "#888");
      dot(out, row.p99, y, "#1f77b4");
      dot(out, row.p999, y, "#d62728");
      y += ROW;
    }
    return bottom;
  }

  private static void dot(StringBuilder out, double millis, int y, String color) {
    out.append(
        String.format(
            Locale.ROOT,
            "<circle cx=\"%.1f\" cy=\"%d\" r=\"5\" fill=\"%s\"><title>%.1f ms</title></circle>%n",
            x(millis), y + 4, color, millis));
  }

  private static void text(
      StringBuilder out, double x, int y, String anchor, String weight, String text) {
    out.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\" font-weight=\"%s\">%s</text>%n",
            x, y, anchor, weight, text));
  }

  private static double x(double millis) {
    double share = Math.log(Math.max(millis, FROM) / FROM) / Math.log(TO / FROM);
    return LEFT + (WIDTH - LEFT - RIGHT) * Math.min(1, share);
  }
}
