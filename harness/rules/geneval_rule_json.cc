// SPDX-License-Identifier: Apache-2.0
// Detections and options of GenEval's rule out of JSON, every field checked before use.
#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "harness/captions/geneval_fields.h"
#include "harness/rules/geneval_rule.h"

namespace emf {
namespace {

/// A number as the official code sees it once it is in a float32 array.
float float_of(const Json& number, const char* what, const std::string& where) {
  const double value = number.is_number() ? number.get<double>() : std::numeric_limits<double>::quiet_NaN();
  if (!(std::abs(value) <= std::numeric_limits<float>::max())) {
    fail_input("{}: {} must be a finite number, not {}", where, what, number.dump());
  }
  return static_cast<float>(value);
}

bool fits_float(const Json& number, float& value) {
  if (!number.is_number()) return false;
  const double wide = number.get<double>();
  value = static_cast<float>(wide);
  return std::abs(wide) <= std::numeric_limits<float>::max();
}

/// Reads a detection that is as it should be, without writing down where it stands: files hold ten thousands.
bool read_well_formed(const Json& row, Detection& detection) {
  if (!row.is_object()) return false;
  const auto name = row.find("cls"), box = row.find("box"), score = row.find("score"), color = row.find("color");
  if (name == row.end() || box == row.end() || score == row.end() || !name->is_string() || !box->is_array() ||
      box->size() != 4 || !fits_float(*score, detection.score)) {
    return false;
  }
  for (size_t i = 0; i < 4; ++i) {
    if (!fits_float((*box)[i], detection.box[i])) return false;
  }
  // Another key may be a slip of one of these.
  if (row.size() > (color == row.end() ? 3u : 4u)) return false;
  detection.class_name = name->get_ref<const std::string&>();
  if (color == row.end() || color->is_null()) return true;
  if (!color->is_string()) return false;
  detection.color = color->get_ref<const std::string&>();
  return true;
}

}  // namespace

std::vector<Detection> geneval_detections(const Json& rows, const std::string& where) {
  if (!rows.is_array()) fail_input("{}: \"detections\" must be a list", where);
  std::vector<Detection> detections;
  detections.reserve(rows.size());
  for (const Json& row : rows) {
    Detection detection;
    if (read_well_formed(row, detection)) {
      detections.push_back(std::move(detection));
      continue;
    }
    const std::string place = fmt::format("{}: detections[{}]", where, detections.size());
    if (!row.is_object()) fail_input("{} must be an object", place);
    refuse_slips(row, detection_keys(), place);
    detection.class_name = geneval_text(row, "cls", place);
    if (!row.contains("box") || !row["box"].is_array() || row["box"].size() != 4) {
      fail_input("{}: \"box\" must be [x1, y1, x2, y2]", place);
    }
    for (size_t i = 0; i < 4; ++i) detection.box[i] = float_of(row["box"][i], "a corner of \"box\"", place);
    if (!row.contains("score")) fail_input("{}: \"score\" is missing", place);
    detection.score = float_of(row["score"], "\"score\"", place);
    if (row.contains("color") && !row["color"].is_null()) detection.color = geneval_text(row, "color", place);
    detections.push_back(std::move(detection));
  }
  return detections;
}

const std::vector<std::string>& detection_keys() {
  static const std::vector<std::string> keys = {"cls", "box", "score", "color"};
  return keys;
}

void refuse_odd_detections(const std::vector<Detection>& detections, const std::string& where) {
  constexpr float kRounding = 1e-3f;  // of detectors that cut a box at the picture's edge
  for (size_t i = 0; i < detections.size(); ++i) {
    const auto& [name, box, score, color] = detections[i];
    for (size_t axis = 0; axis < 2; ++axis) {
      if (box[axis + 2] >= box[axis] - kRounding * std::max(1.0f, std::abs(box[axis]))) continue;
      fail_input(
          "{}: detections[{}]: the box [{}, {}, {}, {}] ends before it begins; corners [x1, y1, x2, y2] are read, "
          "is this [x, y, width, height]?",
          where, i, box[0], box[1], box[2], box[3]);
    }
    if (score < 0 || score > 1 + kRounding) {
      fail_input("{}: detections[{}]: the score {} is not between 0 and 1; {}", where, i, score,
                 score > 1 && score <= 100 ? "divide per cent by 100" : "give probabilities");
    }
  }
}

Json to_json(const std::vector<Detection>& detections) {
  Json rows = Json::array();
  for (const Detection& detection : detections) {
    Json row = {{"cls", detection.class_name}, {"box", detection.box}, {"score", detection.score}};
    if (detection.color) row["color"] = *detection.color;
    rows.push_back(std::move(row));
  }
  return rows;
}

Json to_json(const GenEvalOptions& options) {
  const GenEvalOptions official;
  Json json = Json::object();
  // As people wrote them: .45 and not .44999998807907104, which is the same float.
  const auto put = [&](const char* key, float value, float usual) {
    if (value != usual) json[key] = std::stod(fmt::format("{}", value));
  };
  put("threshold", options.threshold, official.threshold);
  put("counting_threshold", options.counting_threshold, official.counting_threshold);
  put("max_overlap", options.max_overlap, official.max_overlap);
  put("position_threshold", options.position_threshold, official.position_threshold);
  if (options.max_objects != official.max_objects) json["max_objects"] = options.max_objects;
  return json;
}

GenEvalOptions geneval_options(const Json& options, const std::string& where, GenEvalOptions defaults) {
  if (options.is_null()) return defaults;
  if (!options.is_object()) fail_input("{}: \"options\" must be an object", where);
  const std::map<std::string, float*> numbers = {{"threshold", &defaults.threshold},
                                                 {"counting_threshold", &defaults.counting_threshold},
                                                 {"max_overlap", &defaults.max_overlap},
                                                 {"position_threshold", &defaults.position_threshold}};
  for (const auto& [key, value] : options.items()) {
    if (key == "max_objects") {
      defaults.max_objects = geneval_count(options, "max_objects", where);
    } else if (const auto number = numbers.find(key); number != numbers.end()) {
      *number->second = float_of(value, key.c_str(), where);
    } else {
      std::vector<std::string> known = {"max_objects"};
      for (const auto& [name, place] : numbers) known.push_back(name);
      fail_input("{}: unknown option '{}'{}", where, key, suggestion(key, known));
    }
  }
  return defaults;
}

}  // namespace emf
