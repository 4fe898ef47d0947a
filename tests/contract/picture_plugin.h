// SPDX-License-Identifier: Apache-2.0
// What the contract tests of codecs, judges and backbones share: pictures, and files for plugins that need one.
#pragma once

#include <ATen/ops/arange.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/options.h"

namespace emf {

/// [count,3,side,side] uint8: a pattern of its own a picture, in a square on grey.
inline at::Tensor pattern_pictures(int64_t count, int64_t side) {
  const at::Tensor bytes = (at::arange(count * 3 * side * side) * 7919).remainder(251).to(at::kByte);
  const at::Tensor pictures = at::empty({count, 3, side, side}, at::kByte).fill_(128);
  const int64_t edge = side / 4, inner = side / 2;
  pictures.narrow(2, edge, inner)
      .narrow(3, edge, inner)
      .copy_(bytes.reshape({count, 3, side, side}).narrow(2, edge, inner).narrow(3, edge, inner));
  return pictures;
}

/// A plugin, or the reason why it cannot be made here.
template <typename Plugin>
struct MadePlugin {
  std::unique_ptr<Plugin> plugin;
  std::string absent;  ///< its weights or file
};

/// Makes a registered plugin; "torchscript" is given a file that `write_script` writes.
template <typename Plugin, typename Registry, typename Context>
MadePlugin<Plugin> make_for_contract(const std::string& name, const Context& context, Options options,
                                     const std::function<void(const std::filesystem::path&)>& write_script) {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("emf_contract_{}", ::getpid());
  if (name == "torchscript") {
    make_folder(folder);
    write_script(folder / "script.pt");
    options = options.with("argument", (folder / "script.pt").string());
  }
  MadePlugin<Plugin> made;
  try {
    made.plugin = Registry::instance().make(name, options, context);
  } catch (const UserError& error) {
    if (error.code() != ExitCode::kMissing) {
      std::filesystem::remove_all(folder);
      throw;
    }
    made.absent = error.what();
  }
  std::filesystem::remove_all(folder);
  return made;
}

}  // namespace emf
