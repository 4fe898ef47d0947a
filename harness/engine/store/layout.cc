#include "harness/engine/store/layout.h"

#include <fmt/format.h>

#include <charconv>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/progress.h"

namespace emf {
namespace {

constexpr const char* kLayoutFile = "LAYOUT";

}  // namespace

int store_layout(const std::filesystem::path& store) {
  // Layouts before 2 left no file.
  const std::filesystem::path file = store / kLayoutFile;
  if (!std::filesystem::exists(file)) {
    std::error_code absent;
    const auto stages = std::filesystem::directory_iterator(store / "runs", absent);
    return absent || stages == std::filesystem::directory_iterator() ? 0 : 1;
  }
  std::string text = read_file(file);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  int layout = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), layout);
  // What is no number, or one that no layout can have, was not written by this program.
  if (error != std::errc() || end != text.data() + text.size() || layout < 1) {
    fail_input("{}: not the number of a layout; is {} a store of emfbench?", file.string(), store.string());
  }
  return layout;
}

std::string older_layout_notice(const std::filesystem::path& store) {
  const int layout = store_layout(store);
  if (layout == 0 || layout >= kStoreLayout) return "";
  return fmt::format(
      "{} holds stages of an older layout ({}, now {}): they are kept and not read, and what a suite needs runs again; "
      "its finished suites can still be reported, or remove {}",
      store.string(), layout, kStoreLayout, (store / "runs").string());
}

void open_store(const std::filesystem::path& store) {
  const int layout = store_layout(store);
  if (layout > kStoreLayout) {
    fail_input("{} was made by a newer emfbench (layout {}, this one knows {}); use that one, or another --store",
               store.string(), layout, kStoreLayout);
  }
  const std::string notice = older_layout_notice(store);
  if (!notice.empty()) say(notice);
  // Who makes folders knows no command line; that this one is named by --store is known here.
  try {
    make_folder(store / "runs");
  } catch (const UserError& error) {
    if (error.code() != ExitCode::kBadInput) throw;
    throw UserError(fmt::format("{} with --store", error.what()));
  }
  // From here on the store is of this layout and the notice is said no more. Older stages stay where they are:
  // their specs differ, so their hashes never meet those of new ones.
  if (layout != kStoreLayout) write_atomically(store / kLayoutFile, std::to_string(kStoreLayout) + "\n");
}

}  // namespace emf
