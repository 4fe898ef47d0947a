// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/claim_contrasts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

namespace emf {
namespace {

constexpr const char* kSlope = "slope";
constexpr const char* kAll = "*";

bool is_one_of(const std::vector<std::string>& known, const std::string& name) {
  return std::find(known.begin(), known.end(), name) != known.end();
}

/// A cell as a sentence names it; what it does not say is empty.
struct Named {
  std::string reference;  // "ceiling"
  std::string encoder, objective, steps;
};

class Resolver {
 public:
  Resolver(const Claim& claim, const ClaimAxes& axes) : claim_(claim), axes_(axes) {
    // Longest first, so that "mean_flow+wide" is not taken for an encoder called "mean_flow+" of somebody's.
    objectives_ = axes.objectives;
    std::stable_sort(objectives_.begin(), objectives_.end(),
                     [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  }

  std::vector<Contrast> contrasts(std::optional<ClaimFault>& fault) {
    std::vector<Named> cells;
    for (const ClaimTerm& term : claim_.sentence.terms) {
      const std::optional<Named> cell = read(term.cell);
      if (!cell) {
        fault = ClaimFault{"claim", fmt::format("'{}', which is no cell of this suite", term.cell), term.cell, known()};
        return {};
      }
      cells.push_back(*cell);
    }
    const auto lacks = [&](std::string Named::*part) {
      return std::any_of(cells.begin(), cells.end(),
                         [&](const Named& cell) { return cell.reference.empty() && (cell.*part).empty(); });
    };
    std::vector<std::string> encoders, objectives, steps;
    // A correlation is over encoders, and so leaves them open by itself.
    const std::vector<std::string> own =
        claim_.sentence.correlates() && claim_.encoders.empty() ? std::vector<std::string>{kAll} : claim_.encoders;
    if (!fill("encoder", lacks(&Named::encoder), own, axes_.encoders, encoders, fault) ||
        !fill("objective", lacks(&Named::objective), claim_.objectives, axes_.objectives, objectives, fault) ||
        !fill("steps", lacks(&Named::steps), claim_.steps, axes_.steps, steps, fault) || !check_axis(fault)) {
      return {};
    }
    if (claim_.sentence.correlates() && objectives.size() * steps.size() > 1) {
      fault = ClaimFault{"at", "several objectives or step counts, and a correlation is over encoders alone", "", {}};
      return {};
    }
    std::vector<Contrast> all;
    for (const std::string& encoder : encoders) {
      for (const std::string& objective : objectives) {
        for (const std::string& count : steps) {
          all.push_back(contrast(cells, encoder, objective, count));
          all.back().encoder = encoder;
          std::vector<std::string> filled;
          if (encoders.size() > 1) filled.push_back(encoder);
          if (objectives.size() > 1) filled.push_back(objective);
          if (steps.size() > 1) filled.push_back(count + (count == "1" ? " step" : " steps"));
          all.back().label = fmt::format("{}", fmt::join(filled, ", "));
        }
      }
    }
    return all;
  }

 private:
  bool is_encoder(const std::string& name) const {
    return is_one_of(axes_.encoders, name) || (name == kSlope && !claim_.along.empty());
  }

  /// "llm/mean_flow/1", or some of its parts in that order. Names of encoders may hold slashes, so it is read from
  /// behind.
  std::optional<Named> read(std::string text) const {
    Named cell;
    if (is_one_of(axes_.references, text)) {
      cell.reference = text;
      return cell;
    }
    const auto cut = [&text](const std::string& part) {
      if (text == part) {
        text.clear();
        return true;
      }
      if (text.size() <= part.size() + 1 || !text.ends_with("/" + part)) return false;
      text.resize(text.size() - part.size() - 1);
      return true;
    };
    for (const std::string& count : axes_.steps) {
      if (text != count && cut(count)) {
        cell.steps = count;
        break;
      }
    }
    for (const std::string& objective : objectives_) {
      if (!cut(objective)) continue;
      cell.objective = objective;
      break;
    }
    if (text.empty()) return cell;
    if (!is_encoder(text)) return std::nullopt;
    cell.encoder = text;
    return cell;
  }

  std::vector<std::string> known() const {
    std::vector<std::string> names = axes_.references;
    for (const std::string& objective : axes_.objectives) {
      names.push_back(objective);
      for (const std::string& encoder : axes_.encoders) {
        names.push_back(fmt::format("{}/{}", encoder, objective));
        for (const std::string& count : axes_.steps) {
          names.push_back(fmt::format("{}/{}/{}", encoder, objective, count));
        }
      }
    }
    names.insert(names.end(), axes_.encoders.begin(), axes_.encoders.end());
    if (!claim_.along.empty()) names.emplace_back(kSlope);
    return names;
  }

  /// What an open part stands for; one empty name where nothing is open.
  bool fill(const char* key, bool open, const std::vector<std::string>& asked, const std::vector<std::string>& axis,
            std::vector<std::string>& filled, std::optional<ClaimFault>& fault) const {
    if (!open) {
      filled = {""};
      if (asked.empty() || claim_.sentence.correlates()) return true;
      fault = ClaimFault{"at", fmt::format("'{}' in 'at', and every cell of its sentence says its own", key), "", {}};
      return false;
    }
    for (const std::string& name : asked) {
      if (name == kAll) {
        // Checkpoints are meant only where they are named.
        std::copy_if(axis.begin(), axis.end(), std::back_inserter(filled),
                     [](const std::string& one) { return one.find('@') == std::string::npos; });
      } else if (is_one_of(axis, name)) {
        filled.push_back(name);
      } else {
        fault = ClaimFault{"at", fmt::format("'{}', which is none of this suite's {}", name, key), name, axis};
        return false;
      }
    }
    // Nobody needs to say which where there is one.
    if (filled.empty() && axis.size() == 1) filled = axis;
    if (!filled.empty()) return true;
    fault = ClaimFault{"claim",
                       fmt::format("\"{}\" without its {}; say which in the sentence, or by at = {{ {} = ... }}",
                                   claim_.text, key, key),
                       "",
                       {}};
    return false;
  }

  bool check_axis(std::optional<ClaimFault>& fault) const {
    for (const auto& [encoder, place] : claim_.along) {
      if (is_one_of(axes_.encoders, encoder)) continue;
      fault = ClaimFault{"along", fmt::format("'{}', which is none of this suite's encoders", encoder), encoder,
                         axes_.encoders};
      return false;
    }
    return true;
  }

  Contrast contrast(const std::vector<Named>& cells, const std::string& encoder, const std::string& objective,
                    const std::string& steps) const {
    Contrast whole;
    whole.threshold = claim_.sentence.threshold + claim_.margin;
    const auto add = [&whole](const std::string& name, double weight) {
      const auto same = std::find_if(whole.terms.begin(), whole.terms.end(),
                                     [&](const ClaimTerm& term) { return term.cell == name; });
      // A cell may be said twice, in other words.
      if (same != whole.terms.end()) {
        same->weight += weight;
      } else {
        whole.terms.push_back({weight, name});
      }
    };
    for (size_t i = 0; i < cells.size(); ++i) {
      const Named& cell = cells[i];
      const double weight = claim_.sentence.terms[i].weight;
      if (!cell.reference.empty()) {
        add(cell.reference, weight);
        continue;
      }
      const auto name = [&](const std::string& of) {
        return fmt::format("{}/{}/{}", of, cell.objective.empty() ? objective : cell.objective,
                           cell.steps.empty() ? steps : cell.steps);
      };
      const std::string of = cell.encoder.empty() ? encoder : cell.encoder;
      if (of != kSlope || claim_.along.empty()) {
        add(name(of), weight);
        continue;
      }
      for (const auto& [stands, share] : slope_weights()) add(name(stands), weight * share);
    }
    std::erase_if(whole.terms, [](const ClaimTerm& term) { return term.weight == 0; });
    return whole;
  }

  /// Least squares: the slope is this weighted sum of what stands at the places.
  std::vector<std::pair<std::string, double>> slope_weights() const {
    double mean = 0, squares = 0;
    for (const auto& [encoder, place] : claim_.along) mean += place / static_cast<double>(claim_.along.size());
    for (const auto& [encoder, place] : claim_.along) squares += (place - mean) * (place - mean);
    std::vector<std::pair<std::string, double>> weights;
    for (const auto& [encoder, place] : claim_.along) {
      weights.emplace_back(encoder, (place - mean) / squares);
    }
    return weights;
  }

  const Claim& claim_;
  const ClaimAxes& axes_;
  std::vector<std::string> objectives_;
};

}  // namespace

std::vector<Contrast> contrasts_of(const Claim& claim, const ClaimAxes& axes, std::optional<ClaimFault>& fault) {
  return Resolver(claim, axes).contrasts(fault);
}

}  // namespace emf
