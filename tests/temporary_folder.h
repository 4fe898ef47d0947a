// SPDX-License-Identifier: Apache-2.0
// A folder that goes with the test.
#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

#include "harness/base/file.h"

namespace emf {

/// A folder with a name of its own, empty at the beginning and gone at the end.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& name)
      : path_(std::filesystem::temp_directory_path() /
              ("emf_" + name + "_" + std::to_string(::getpid()) + "_" + std::to_string(next_number()))) {
    std::filesystem::remove_all(path_);
    make_folder(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  /// Folders on the way are made. Not by write_atomically(), which waits for the disk.
  void write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << bytes;
  }

 private:
  static int next_number() {
    static std::atomic<int> number = 0;
    return number++;
  }

  std::filesystem::path path_;
};

}  // namespace emf
