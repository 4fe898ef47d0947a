// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/judged_lines.h"

#include <cmath>
#include <limits>
#include <unordered_map>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/lines.h"
#include "harness/base/near_name.h"

namespace emf {
namespace {

/// Builds a line's JSON value event by event, and its detections beside it. An event that neither can take ends the
/// parse; what is wrong is then for parse_json() and geneval_detections() to say.
class LineBuilder {
 public:
  JudgedLine line;

  bool null() {
    if (place_ == Place::kRow) return add(nullptr);
    return place_ == Place::kDetection && (field_ == Field::kColor || field_ == Field::kOther);
  }
  bool boolean(bool value) {
    if (place_ == Place::kRow) return add(value);
    return place_ == Place::kDetection && field_ == Field::kOther;
  }
  bool number_integer(int64_t value) { return number(value); }
  bool number_unsigned(uint64_t value) { return number(value); }
  bool number_float(double value, const std::string&) { return number(value); }
  bool string(std::string& value) {
    if (place_ == Place::kRow) return add(std::move(value));
    if (place_ != Place::kDetection) return false;
    if (field_ == Field::kClass) {
      detection_.class_name = std::move(value);
    } else if (field_ == Field::kColor) {
      detection_.color = std::move(value);
    } else {
      return field_ == Field::kOther;
    }
    return true;
  }
  bool binary(Json::binary_t&) { return false; }

  bool start_object(size_t) {
    if (place_ == Place::kRow) return open(Json::object());
    if (place_ != Place::kList) return false;
    detection_ = {};
    seen_ = 0;
    place_ = Place::kDetection;
    return true;
  }
  bool key(std::string& name) {
    if (place_ == Place::kRow) {
      key_ = std::move(name);
      return true;
    }
    field_ = name == "cls"     ? Field::kClass
             : name == "box"   ? Field::kBox
             : name == "score" ? Field::kScore
             : name == "color" ? Field::kColor
                               : Field::kOther;
    const unsigned bit = field_ == Field::kOther ? 0 : 1u << static_cast<unsigned>(field_);
    const bool again = (seen_ & bit) != 0;
    seen_ |= bit;
    return !again && (bit != 0 || slip_of(name, detection_keys()).empty());
  }
  bool end_object() {
    if (place_ == Place::kRow) return close();
    constexpr unsigned kNeeded = 1u << static_cast<unsigned>(Field::kClass) | 1u << static_cast<unsigned>(Field::kBox) |
                                 1u << static_cast<unsigned>(Field::kScore);
    if ((seen_ & kNeeded) != kNeeded) return false;
    line.detections->push_back(std::move(detection_));
    place_ = Place::kList;
    return true;
  }
  bool start_array(size_t) {
    if (place_ == Place::kDetection && field_ == Field::kBox) {
      corner_ = 0;
      place_ = Place::kBox;
      return true;
    }
    if (place_ != Place::kRow) return false;
    if (open_.size() != 1 || !line.row.is_object() || key_ != "detections") return open(Json::array());
    if (line.detections) return false;
    line.detections.emplace();
    place_ = Place::kList;
    return true;
  }
  bool end_array() {
    if (place_ == Place::kRow) return close();
    if (place_ == Place::kBox && corner_ != detection_.box.size()) return false;
    place_ = place_ == Place::kBox ? Place::kDetection : Place::kRow;
    return true;
  }
  template <typename Error>
  bool parse_error(size_t, const std::string&, const Error&) {
    return false;
  }

 private:
  enum class Place { kRow, kList, kDetection, kBox };
  enum class Field { kClass, kBox, kScore, kColor, kOther };

  template <typename Number>
  bool number(Number value) {
    if (place_ == Place::kRow) return add(value);
    const auto wide = static_cast<double>(value);
    const bool fits = std::abs(wide) <= std::numeric_limits<float>::max();
    if (place_ == Place::kBox && corner_ < detection_.box.size() && fits) {
      detection_.box[corner_++] = static_cast<float>(wide);
      return true;
    }
    if (place_ != Place::kDetection || (field_ != Field::kScore && field_ != Field::kOther)) return false;
    if (field_ == Field::kScore) detection_.score = static_cast<float>(wide);
    return fits || field_ == Field::kOther;
  }

  Json* place_for(Json&& value) {
    if (open_.empty()) return &(line.row = std::move(value));
    Json& parent = *open_.back();
    if (!parent.is_array()) return &(parent[key_] = std::move(value));
    parent.push_back(std::move(value));
    return &parent.back();
  }
  bool add(Json&& value) {
    // A second "detections" that is no list would hide the first.
    if (open_.size() == 1 && key_ == "detections" && line.detections) return false;
    place_for(std::move(value));
    return true;
  }
  bool open(Json&& value) {
    constexpr size_t kDeepest = 100;  // of the lines that are read here; parse_json() bounds the others
    if (open_.size() == kDeepest || (open_.size() == 1 && key_ == "detections" && line.detections)) return false;
    open_.push_back(place_for(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  Place place_ = Place::kRow;
  Field field_ = Field::kOther;
  unsigned seen_ = 0;  // fields of the detection, a bit each
  size_t corner_ = 0;  // numbers of the box so far
  Detection detection_;
  std::vector<Json*> open_;  // objects and lists that are not closed, outermost first
  std::string key_;
};

}  // namespace

JudgedLine parse_judged_line(std::string_view line, const std::string& origin) {
  LineBuilder builder;
  if (Json::sax_parse(line.begin(), line.end(), &builder)) return std::move(builder.line);
  return {parse_json(std::string(line), origin), std::nullopt};
}

void count_pictures_once(JudgedRows& judged, const std::string& source) {
  std::unordered_map<std::string, size_t> seen;          // by path, place among those kept
  std::unordered_map<std::string, std::string> of_tail;  // "00000/samples/0000.png" -> the folder before it
  std::vector<size_t> kept, numbers;
  size_t repeats = 0, others = 0;
  std::string first_repeat, other;
  for (size_t i = 0; i < judged.rows.size(); ++i) {
    const Json& row = judged.rows[i];
    const auto name = row.is_object() ? row.find("filename") : row.end();
    if (!row.is_object() || name == row.end() || !name->is_string()) {
      kept.push_back(i);
      continue;
    }
    const std::filesystem::path path = std::filesystem::path(name->get<std::string>()).lexically_normal();
    const auto [place, fresh] = seen.try_emplace(path.string(), i);
    if (fresh) {
      kept.push_back(i);
      const std::filesystem::path folder = path.parent_path().parent_path();
      const auto [known, first] =
          of_tail.try_emplace(path.lexically_relative(folder.parent_path()).string(), folder.parent_path().string());
      if (!first && known->second != folder.parent_path().string() && others++ == 0) {
        other = fmt::format("'{}' and '{}'", known->second, folder.parent_path().string());
      }
      continue;
    }
    const size_t before = place->second;
    Json one = judged.rows[before], two = row;
    one.erase("filename"), two.erase("filename");
    const bool same = one == two && (judged.detections.empty() || judged.detections[before] == judged.detections[i]);
    if (!same) {
      fail_input("{} row {}: {} was judged otherwise in row {}; keep one of the two", source, i + 1, path.string(),
                 before + 1);
    }
    if (repeats++ == 0) first_repeat = fmt::format("{} in rows {} and {}", path.string(), before + 1, i + 1);
  }
  if (others > 0) {
    judged.warnings.push_back(fmt::format(
        "{} pictures of the same number stand under several folders ({}); are these of one run?", others, other));
  }
  if (repeats == 0) return;
  judged.warnings.push_back(
      fmt::format("{} rows name a picture that another row has, and count once; the first: {}", repeats, first_repeat));
  JudgedRows once;
  once.warnings = std::move(judged.warnings);
  for (const size_t i : kept) {
    once.rows.push_back(std::move(judged.rows[i]));
    if (!judged.detections.empty()) once.detections.push_back(std::move(judged.detections[i]));
  }
  judged = std::move(once);
}

std::vector<JudgedLine> read_judged_lines(const std::filesystem::path& path) {
  return parse_lines<JudgedLine>(read_file(path), path.string(), parse_judged_line);
}

}  // namespace emf
