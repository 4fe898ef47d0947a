// SPDX-License-Identifier: Apache-2.0
// Self-registering plugins: one .cc file, one name, one registering line.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/near_name.h"

namespace emf {

/// The shared object that is being loaded; "" while the program's own files register.
std::string& registering_plugin();

/// Shared objects loaded so far, in order: provenance names them.
std::vector<std::string>& loaded_plugins();

/// Names that two files claim, a line each. Collected rather than thrown: registration runs before main() and inside
/// dlopen(), where an exception would end the program without a word. The command line refuses to go on with any.
std::vector<std::string>& registration_conflicts();

/// How a plugin is shown to people. It goes into a suite's record, so that a report needs no registry.
struct Display {
  std::string title;  ///< "MeanFlow"; "" = the registered name
  std::string color;  ///< of its line in plots, "#d55e00"; "" = the next of a palette
  std::vector<int> dash;
  std::string mark;  ///< "circle", "square" ... ; "" = the next of a palette
  /// Titles of the parts of what it gives, by name: "counting" of "geneval/counting".
  std::vector<std::pair<std::string, std::string>> parts;
};

/// Names -> factories of one kind of plugin. Filled by EMF_REGISTER lines before main() and by load_plugin()
/// (harness/plugin) before the command line is read; read-only afterwards.
///
/// @tparam Interface  the plugin's abstract class; its static `kKind` ("encoder") is used in messages.
/// @tparam Args       what every factory of this kind takes.
template <typename Interface, typename... Args>
class Registry {
 public:
  using Factory = std::function<std::unique_ptr<Interface>(Args...)>;
  struct Entry {
    std::string summary;      ///< one line for `emfbench list`
    std::string source_file;  ///< __FILE__ of the registering line; the contract test compares its stem with the name
    Factory make;
    Display display;
    std::string plugin = registering_plugin();  ///< the shared object it came with; "" for the program's own

    std::string origin() const { return plugin.empty() ? source_file : source_file + " (in " + plugin + ")"; }
  };

  static Registry& instance() {
    static Registry registry;
    return registry;
  }

  /// The first to claim a name keeps it; a second claim is noted in registration_conflicts().
  /// @return true, so that a namespace-scope constant can hold the registration.
  bool add(const std::string& name, Entry entry) {
    const auto [position, inserted] = entries_.try_emplace(name, std::move(entry));
    if (!inserted) {
      registration_conflicts().push_back(fmt::format("{} '{}' is registered twice, by {} and by {}", Interface::kKind,
                                                     name, position->second.origin(), entry.origin()));
    }
    return true;
  }

  /// @throws UserError  unknown name; offers the nearest one.
  const Entry& find(const std::string& name) const {
    const auto position = entries_.find(name);
    if (position == entries_.end()) {
      fail_input("unknown {} '{}'{} (see: emfbench list {}s)", Interface::kKind, name, suggestion(name, names()),
                 Interface::kKind);
    }
    return position->second;
  }

  std::unique_ptr<Interface> make(const std::string& name, Args... args) const { return find(name).make(args...); }
  bool contains(const std::string& name) const { return entries_.count(name) > 0; }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, entry] : entries_) all.push_back(name);
    return all;
  }

 private:
  std::map<std::string, Entry> entries_;
};

}  // namespace emf

/// Ends a plugin file: EMF_REGISTER(EncoderRegistry, "clip", "CLIP text tower", make_clip), or with how it is shown
/// behind the factory: ..., make_clip, {.title = "CLIP text tower"}).
#define EMF_REGISTER(RegistryType, name, summary, ...) \
  [[maybe_unused]] static const bool kRegistered = RegistryType::instance().add(name, {summary, __FILE__, __VA_ARGS__})
