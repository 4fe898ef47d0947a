// SPDX-License-Identifier: Apache-2.0
#include "reports/writers/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "harness/base/error.h"
#include "reports/writers/html.h"
#include "reports/writers/plot_scale.h"

namespace emf {
namespace {

constexpr double kWidth = 480, kHeight = 320, kLeft = 62, kRight = 20, kTop = 34, kBottom = 50, kLegendLine = 20;
constexpr double kLetter = 6.4;  ///< mean width of a letter of 12 pixels
constexpr const char* kInk = "#222222";

double width_of(const std::string& text) {
  // Letters, not bytes: those that go on a letter of several bytes begin with 10.
  return kLetter *
         static_cast<double>(std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; }));
}

std::string ink(const std::string& color) { return color.empty() || color == "currentColor" ? kInk : color; }

std::string text_at(double x, double y, const std::string& anchor, const std::string& text,
                    const std::string& more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor, more,
                     escape_html(text));
}

std::string dashes_of(const std::vector<int>& dash) {
  // {1, 0} is how a spec says solid.
  if (dash.empty() || (dash.size() == 2 && dash[1] == 0)) return "";
  std::string list;
  for (const int length : dash) list += (list.empty() ? "" : " ") + std::to_string(length);
  return " stroke-dasharray=\"" + list + "\"";
}

/// A mark of an area in square pixels, as Vega's shapes are.
std::string mark_at(double x, double y, const std::string& shape, double area, const std::string& color) {
  const double half = std::sqrt(area) / 2;
  const auto polygon = [&](const std::vector<std::array<double, 2>>& corners) {
    std::string points;
    for (const auto& [across, down] : corners)
      points += fmt::format("{:.1f},{:.1f} ", x + across * half, y + down * half);
    points.pop_back();
    return fmt::format("<polygon points=\"{}\" fill=\"{}\"/>\n", points, color);
  };
  if (shape == "square") return polygon({{-1, -1}, {1, -1}, {1, 1}, {-1, 1}});
  if (shape == "diamond") return polygon({{0, -1.4}, {1.4, 0}, {0, 1.4}, {-1.4, 0}});
  if (shape == "triangle-up" || shape == "triangle") return polygon({{0, -1.2}, {1.2, 1}, {-1.2, 1}});
  if (shape == "triangle-down") return polygon({{0, 1.2}, {1.2, -1}, {-1.2, -1}});
  if (shape == "triangle-right") return polygon({{1.2, 0}, {-1, 1.2}, {-1, -1.2}});
  if (shape == "triangle-left") return polygon({{-1.2, 0}, {1, 1.2}, {1, -1.2}});
  if (shape == "cross") {
    return polygon({{-.4, -1.2},
                    {.4, -1.2},
                    {.4, -.4},
                    {1.2, -.4},
                    {1.2, .4},
                    {.4, .4},
                    {.4, 1.2},
                    {-.4, 1.2},
                    {-.4, .4},
                    {-1.2, .4},
                    {-1.2, -.4},
                    {-.4, -.4}});
  }
  return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" fill=\"{}\"/>\n", x, y,
                     std::sqrt(area / 3.14159265), color);
}

std::string mark_of(const Json& layer) {
  const Json& mark = layer.at("mark");
  return mark.is_string() ? mark.get<std::string>() : mark.at("type").get<std::string>();
}
template <typename Value>
Value setting(const Json& layer, const char* key, Value otherwise) {
  const Json& mark = layer.at("mark");
  return mark.is_object() ? mark.value(key, otherwise) : otherwise;
}

/// A channel's number in a row; nothing where the row has none.
std::optional<double> number(const Json& layer, const char* channel, const Json& row) {
  const Json encoded = layer.at("encoding").value(channel, Json::object());
  if (!encoded.contains("field")) return std::nullopt;
  const Json value = row.value(encoded.at("field").get<std::string>(), Json());
  return value.is_number() ? std::optional<double>(value.get<double>()) : std::nullopt;
}

/// What a channel's scale gives the series; null without one.
Json style(const Json& layer, const char* channel, const std::string& series) {
  const Json encoded = layer.at("encoding").value(channel, Json::object());
  const Json scale = encoded.value("scale", Json::object());
  const Json domain = scale.value("domain", Json::array()), range = scale.value("range", Json::array());
  for (size_t i = 0; i < domain.size() && i < range.size(); ++i) {
    if (domain[i] == series) return range[i];
  }
  return nullptr;
}
std::string color_of(const Json& layer, const std::string& series) {
  const Json found = style(layer, "color", series);
  return ink(found.is_string() ? found.get<std::string>() : setting(layer, "color", std::string()));
}

using Entry = std::pair<std::string, SeriesStyle>;

/// Entries of the legend that share a line.
std::vector<std::vector<Entry>> lines_of_legend(const std::vector<Entry>& entries) {
  std::vector<std::vector<Entry>> lines;
  double used = 0;
  for (const Entry& entry : entries) {
    const double width = 40 + width_of(entry.first) + 16;
    if (lines.empty() || used + width > kWidth - 2 * kRight) {
      lines.emplace_back();
      used = 0;
    }
    lines.back().push_back(entry);
    used += width;
  }
  return lines;
}

std::string legend(const std::vector<std::vector<Entry>>& lines) {
  std::string svg;
  double y = kHeight + 4;
  for (const auto& line : lines) {
    double x = kLeft;
    for (const auto& [name, style] : line) {
      svg += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}\" stroke=\"{}\" stroke-width=\"2\"{}/>\n", x, y, x + 32,
                         ink(style.color), dashes_of(style.dash));
      svg += mark_at(x + 16, y, style.mark, 46, ink(style.color)) + text_at(x + 40, y + 4, "start", name);
      x += 40 + width_of(name) + 16;
    }
    y += kLegendLine;
  }
  return svg;
}

class PanelDrawing {
 public:
  PanelDrawing(const Plot& panel, const PlotGroup& group) : panel_(panel) {
    const Json& spec = panel.spec;
    layers_ = spec.contains("layer") ? spec.at("layer") : Json::array({spec});
    legend_lines_ = lines_of_legend(group.legend);
    x_channel_ = channel("x");
    y_channel_ = channel("y");
    x_.emplace(x_channel_, values_of({"x", "x2"}), kLeft, kWidth - kRight);
    y_.emplace(y_channel_, values_of({"y", "y2"}), kHeight - kBottom, kTop);
  }

  std::string text() {
    const double height = kHeight + kLegendLine * static_cast<double>(legend_lines_.size());
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
        "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"{2}\" role=\"img\">\n"
        "<title>{3}</title>\n<desc>{4}</desc>\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
        kWidth, height, kInk, escape_html(panel_.title), escape_html(panel_.words));
    svg += text_at((kLeft + kWidth - kRight) / 2, 20, "middle", panel_.title, " font-weight=\"bold\" font-size=\"13\"");
    svg += axes();
    for (const Json& layer : layers_) svg += drawn(layer);
    return svg + legend(legend_lines_) + "</svg>\n";
  }

 private:
  /// The layer's own data, else the whole panel's.
  const Json& rows_of(const Json& layer) const {
    for (const Json* holder : {&layer, &panel_.spec}) {
      if (holder->contains("data") && holder->at("data").contains("values")) return holder->at("data").at("values");
    }
    fail_input("plot '{}' has no data inline, which a file of its own needs", panel_.title);
  }

  /// The first layer's channel that has a title, which the axis is drawn by.
  Json channel(const char* name) const {
    for (const Json& layer : layers_) {
      const Json& encoding = layer.at("encoding");
      if (encoding.contains(name) && (encoding.at(name).contains("axis") || encoding.at(name).contains("scale")))
        return encoding.at(name);
    }
    for (const Json& layer : layers_) {
      const Json& encoding = layer.at("encoding");
      if (encoding.contains(name) && encoding.at(name).contains("field")) return encoding.at(name);
    }
    fail_input("plot '{}' has no {} axis", panel_.title, name);
  }

  std::vector<double> values_of(const std::vector<const char*>& channels) const {
    std::vector<double> values;
    for (const Json& layer : layers_) {
      for (const char* name : channels) {
        const Json encoded = layer.at("encoding").value(name, Json::object());
        if (!encoded.contains("field")) continue;
        for (const Json& row : rows_of(layer)) {
          const Json value = row.value(encoded.at("field").get<std::string>(), Json());
          if (value.is_number()) values.push_back(value);
        }
      }
    }
    return values;
  }

  std::string axes() const {
    std::string svg = "<g stroke=\"#dddddd\" stroke-width=\"1\">\n";
    const double bottom = kHeight - kBottom, right = kWidth - kRight;
    for (const double tick : y_->ticks())
      svg +=
          fmt::format("<line x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>\n", kLeft, right, y_->place(tick));
    svg += fmt::format(
        "</g>\n<g stroke=\"#888888\" stroke-width=\"1\">\n<line x1=\"{0}\" x2=\"{1}\" y1=\"{2}\" y2=\"{2}\"/>\n", kLeft,
        right, bottom);
    for (const double tick : x_->ticks())
      svg += fmt::format("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/>\n", x_->place(tick), bottom,
                         bottom + 4);
    svg += "</g>\n";
    double free_from = 0;
    for (const double tick : x_->ticks()) {
      const std::string label = x_->label(tick);
      const double half = width_of(label) / 2, place = x_->place(tick);
      if (place - half < free_from) continue;  // it would touch its neighbour
      free_from = place + half + 4;
      svg += text_at(place, bottom + 18, "middle", label);
    }
    for (const double tick : y_->ticks()) svg += text_at(kLeft - 8, y_->place(tick) + 4, "end", y_->label(tick));
    svg += text_at((kLeft + right) / 2, bottom + 38, "middle", x_channel_.value("title", ""));
    const double middle = (kTop + bottom) / 2;
    return svg + text_at(16, middle, "middle", y_channel_.value("title", ""),
                         fmt::format(" transform=\"rotate(-90 16 {:.1f})\"", middle));
  }

  std::string drawn(const Json& layer) {
    const std::string mark = mark_of(layer);
    if (mark == "line") return lines(layer);
    if (mark == "area") return areas(layer);
    if (mark == "point" || mark == "circle") return points(layer);
    if (mark == "rule") return rules(layer);
    if (mark == "text") return texts(layer);
    fail_input("plot '{}' has a mark '{}', which files of plots do not hold; leave its section out with --section",
               panel_.title, mark);
  }

  std::string series_of(const Json& layer, const Json& row) const {
    const Json color = layer.at("encoding").value("color", Json::object());
    return color.contains("field") ? row.value(color.at("field").get<std::string>(), "") : "";
  }
  /// Rows of one series after the other, in the order that the series first come; rising along x.
  std::vector<std::pair<std::string, std::vector<Json>>> by_series(const Json& layer) const {
    std::vector<std::pair<std::string, std::vector<Json>>> series;
    for (const Json& row : rows_of(layer)) {
      const std::string name = series_of(layer, row);
      auto found = std::find_if(series.begin(), series.end(), [&](const auto& one) { return one.first == name; });
      if (found == series.end()) found = series.insert(series.end(), {name, {}});
      if (number(layer, "x", row) && number(layer, "y", row)) found->second.push_back(row);
    }
    for (auto& [name, rows] : series) {
      std::stable_sort(rows.begin(), rows.end(),
                       [&](const Json& a, const Json& b) { return *number(layer, "x", a) < *number(layer, "x", b); });
    }
    return series;
  }

  std::string lines(const Json& layer) const {
    std::string svg;
    for (const auto& [name, rows] : by_series(layer)) {
      std::string path;
      for (const Json& row : rows)
        path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x_->place(*number(layer, "x", row)),
                            y_->place(*number(layer, "y", row)));
      const Json dash = style(layer, "strokeDash", name);
      svg += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{}/>\n", path,
                         color_of(layer, name), setting(layer, "strokeWidth", 2.0),
                         dash.is_array() ? dashes_of(dash.get<std::vector<int>>()) : "");
    }
    return svg;
  }

  std::string areas(const Json& layer) const {
    std::string svg;
    for (const auto& [name, rows] : by_series(layer)) {
      std::string there, back;
      for (const Json& row : rows) {
        const double x = x_->place(*number(layer, "x", row)), y = *number(layer, "y", row);
        there += fmt::format("{}{:.1f} {:.1f}", there.empty() ? "M" : "L", x, y_->place(y));
        back = fmt::format("L{:.1f} {:.1f}", x, y_->place(number(layer, "y2", row).value_or(y))) + back;
      }
      svg += fmt::format("<path d=\"{}{}Z\" fill=\"{}\" fill-opacity=\"{}\"/>\n", there, back, color_of(layer, name),
                         setting(layer, "opacity", 0.7));
    }
    return svg;
  }

  std::string points(const Json& layer) const {
    std::string svg;
    for (const auto& [name, rows] : by_series(layer)) {
      const Json shape = style(layer, "shape", name);
      for (const Json& row : rows)
        svg += mark_at(x_->place(*number(layer, "x", row)), y_->place(*number(layer, "y", row)),
                       shape.is_string() ? shape.get<std::string>() : "circle", setting(layer, "size", 30.0),
                       color_of(layer, name));
    }
    return svg;
  }

  std::string rules(const Json& layer) const {
    std::string svg;
    for (const Json& row : rows_of(layer)) {
      const auto x = number(layer, "x", row), y = number(layer, "y", row);
      if (!x && !y) continue;
      const double x1 = x ? x_->place(*x) : kLeft, y1 = y ? y_->place(*y) : kHeight - kBottom;
      const auto x2 = number(layer, "x2", row), y2 = number(layer, "y2", row);
      // Without its other end a rule goes from one side of the panel to the other.
      const double to_x = x2 ? x_->place(*x2) : x ? x1 : kWidth - kRight, to_y = y2 ? y_->place(*y2) : y ? y1 : kTop;
      svg += fmt::format(
          "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" stroke-opacity=\"{}\"{}/>\n", x1,
          y1, to_x, to_y, color_of(layer, series_of(layer, row)), setting(layer, "opacity", 1.0),
          dashes_of(setting(layer, "strokeDash", std::vector<int>())));
    }
    return svg;
  }

  /// Labels stay inside the panel, and go down where they would lie upon one another.
  std::string texts(const Json& layer) {
    std::string svg;
    const Json channel = layer.at("encoding").value("text", Json::object());
    for (const Json& row : rows_of(layer)) {
      const auto x = number(layer, "x", row), y = number(layer, "y", row);
      const std::string label = row.value(channel.value("field", ""), "");
      if (!y || label.empty()) continue;
      const double width = width_of(label);
      const bool at_right = setting(layer, "align", std::string()) == "right" || !x;
      double left = at_right ? kWidth - kRight - width : x_->place(*x) + setting(layer, "dx", 0.0) - width / 2;
      left = std::clamp(left, kLeft + 2, std::max(kLeft + 2, kWidth - kRight - width));
      double down = std::max(kTop + 10, y_->place(*y) + setting(layer, "dy", 0.0) + (at_right ? 0 : 4));
      const auto covers = [&](const std::array<double, 3>& other) {
        return left < other[1] && other[0] < left + width && std::abs(down - other[2]) < 13;
      };
      for (int tries = 0; tries < 8 && std::any_of(taken_.begin(), taken_.end(), covers); ++tries) down += 13;
      taken_.push_back({left, left + width, down});
      svg += text_at(left, down, "start", label);
    }
    return svg;
  }

  const Plot& panel_;
  Json layers_, x_channel_, y_channel_;
  std::optional<PlotScale> x_, y_;
  std::vector<std::vector<Entry>> legend_lines_;
  std::vector<std::array<double, 3>> taken_;  ///< left, right and foot of each label
};

}  // namespace

std::string svg_of(const Plot& panel, const PlotGroup& group) { return PanelDrawing(panel, group).text(); }

}  // namespace emf
