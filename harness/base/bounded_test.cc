// SPDX-License-Identifier: Apache-2.0
// What inputs may ask for: pipes, devices, circles of links and names too long are refused and not waited for; depths,
// lengths and declared sizes are held against their bounds before anything is parsed or allocated.
#include "harness/base/bounded.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zip.h>

#include <cstdlib>
#include <fstream>
#include <functional>

#include "harness/base/atomic_file.h"
#include "harness/base/config.h"
#include "harness/base/csv.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/npy.h"
#include "harness/base/safetensors_index.h"
#include "harness/base/zip_file.h"
#include "harness/captions/prompt_file.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

std::string refusal(const std::function<void()>& action, ExitCode code = ExitCode::kBadInput) {
  try {
    action();
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "nothing was refused";
}

void expect_part(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

std::string repeated(const std::string& text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

class Inputs : public testing::Test {
 protected:
  TemporaryFolder folder_{"bounded"};
};

/// Every reader of a file by its name.
std::vector<std::pair<std::string, std::function<void(const std::filesystem::path&)>>> readers() {
  return {{".txt", [](const auto& path) { read_file(path); }},
          {".json", [](const auto& path) { read_json(path); }},
          {".jsonl", [](const auto& path) { read_json_lines(path); }},
          {".bin", [](const auto& path) { MappedFile{path}; }},
          {".bin", [](const auto& path) { sha256_file(path); }},
          {".toml", [](const auto& path) { load_config(path); }},
          {".csv", [](const auto& path) { read_csv(path); }},
          {".npy", [](const auto& path) { read_npy(path); }},
          {".npy", [](const auto& path) { NpyRows{path}; }},
          {".npz", [](const auto& path) { npz_names(path); }},
          {".zip", [](const auto& path) { ZipFile{path}; }},
          {".safetensors", [](const auto& path) { SafetensorsIndex{path}; }},
          {".txt", [](const auto& path) { read_prompts(path); }},
          {".jsonl", [](const auto& path) { read_prompts(path); }}};
}

TEST_F(Inputs, AreRegularFiles) {
  for (const auto& [ending, read] : readers()) {
    SCOPED_TRACE(ending);
    const std::filesystem::path pipe = folder_ / ("pipe" + ending), device = folder_ / ("device" + ending),
                                circle = folder_ / ("circle" + ending), within = folder_ / ("folder" + ending);
    if (!std::filesystem::exists(pipe)) {
      ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
      std::filesystem::create_symlink("/dev/zero", device);
      std::filesystem::create_symlink(circle, circle);
      std::filesystem::create_directory(within);
    }
    expect_part(refusal([&] { read(pipe); }), "is a pipe, not a file");
    expect_part(refusal([&] { read(device); }), "is a device, not a file");
    expect_part(refusal([&] { read(circle); }), "symbolic links");
    expect_part(refusal([&] { read(within); }), "is a folder, not a file");
    expect_part(refusal([&] { read(folder_ / (std::string(300, 'n') + ending)); }), "File name too long");
    expect_part(refusal([&] { read(folder_ / (repeated("n/", 3000) + "x" + ending)); }), "File name too long");
    expect_part(refusal([&] { read(folder_ / ("absent" + ending)); }, ExitCode::kMissing), "does not exist");
  }
}

TEST_F(Inputs, AreAskedAboutWithoutStdErrors) {
  const std::filesystem::path circle = folder_ / "circle";
  std::filesystem::create_symlink(circle, circle);
  for (const auto& ask : {path_exists, is_folder, is_file}) {
    EXPECT_FALSE(ask(folder_ / "absent"));
    expect_part(refusal([&] { ask(circle); }), "cannot look at");
    expect_part(refusal([&] { ask(std::string(5000, 'n')); }), "cannot look at");
  }
  EXPECT_TRUE(path_exists(folder_.path()) && is_folder(folder_.path()));
  folder_.write("b", "");
  folder_.write("a", "");
  const auto found = files_in(folder_.path());
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].filename(), "a");
  expect_part(refusal([&] { files_in(folder_ / "a"); }), "cannot read the folder");
}

TEST(Bounds, TomlNestsSoDeep) {
  const std::string deep = repeated("a.", 100'000) + "a";
  for (const std::string& text : {deep + " = 1\n", "[" + deep + "]\nx = 1\n", "[[" + deep + "]]\n",
                                  "x = " + repeated("[", 100'000) + repeated("]", 100'000) + "\n",
                                  "x = " + repeated("{a = ", 100'000) + "1" + repeated("}", 100'000) + "\n",
                                  repeated("\"a\".", 100'000) + "b = 1\n"}) {
    expect_part(refusal([&] { parse_config(text, "deep.toml"); }), "deep.toml:1: ");
  }
  Config config;
  expect_part(refusal([&] { apply_override(config, deep + "=1"); }), "command line:1: the parts of a key");
  expect_part(refusal([&] { apply_override(config, "a=" + repeated("[", 100'000)); }), "lists and tables");
  expect_part(refusal([&] { parse_config("x = \"" + std::string(20 << 20, 'a') + "\"\n", "long.toml"); }), "bytes");
  // As deep as allowed is read; what stands in strings and comments does not count.
  const std::string dots = repeated("a.", 500), brackets = repeated("[{", 500);
  const Config read = parse_config("# " + dots + brackets + "\nx = \"" + dots + brackets + "\"\ny = '''\n" + dots +
                                       "'''\nv = 1.5\nw = " + repeated("[", 30) + repeated("]", 30) + "\n" +
                                       repeated("k.", 30) + "k = 1 # '\nz = \"\\\"" + dots + "\"\n",
                                   "fine.toml");
  for (const char* text : {"x = [\u00e9]\n", "x = [\"a\"]\u00e9\n", "\u00e9 = 1\n", "x = {\u2028}\n"}) {
    expect_part(refusal([&] { parse_config(text, "bare.toml"); }),
                "bare.toml:1: not valid TOML: a letter beyond ASCII");
  }
  // Where the quotes of what is no TOML begin and end, the library sees otherwise.
  expect_part(refusal([&] { parse_config("x = [1, A.b.\"\u041b\", 2]\n", "quotes.toml"); }),
              "quotes.toml:1: not valid TOML");
  apply_override(config, "data.path=/home/caf\u00e9");
  EXPECT_EQ(config.values["data"]["path"], "/home/caf\u00e9");
  apply_override(config, "k=\"caf\u00e9\"");
  EXPECT_EQ(config.values["k"], "caf\u00e9");
  EXPECT_EQ(read.values.at("x"), dots + brackets);
  EXPECT_EQ(read.values.at("z"), "\"" + dots);
}

TEST(Bounds, ListsOfNames) {
  Config config = parse_config("few = \"a,b\"\n", "x.toml");
  config.values["names"] = std::vector<std::string>(1'000'000, "hash");
  ConfigReader reader(config, "");
  expect_part(refusal([&] { reader.texts("names", {}); }), "holds 1000000 names, more than 10000");
  EXPECT_EQ(reader.texts("few", {}), (std::vector<std::string>{"a", "b"}));
}

TEST_F(Inputs, LinesAndCellsAreBounded) {
  const std::string long_text(17 << 20, 'a');
  folder_.write("x.jsonl", "{}\n\"" + long_text + "\"\n");
  expect_part(refusal([&] { read_json_lines(folder_ / "x.jsonl"); }), "x.jsonl:2: 17825794 bytes without a line end");
  expect_part(refusal([&] { read_prompts(folder_ / "x.jsonl"); }), "x.jsonl:");
  folder_.write("x.txt", long_text);
  expect_part(refusal([&] { read_prompts(folder_ / "x.txt"); }), "x.txt:1: ");
  expect_part(refusal([&] { parse_csv("a,b\n" + long_text + ",1\n", "x.csv"); }), "without a line end");
  expect_part(refusal([&] { parse_csv(std::string("a,b\nx\0y,1\n", 10), "x.csv"); }), "x.csv:2: holds a NUL");
  expect_part(refusal([&] { parse_csv("a,b\nx\xffy,1\n", "x.csv"); }), "not UTF-8");
}

std::string npy_of(const std::string& header, const std::string& body) {
  std::string bytes = std::string("\x93NUMPY\x01\x00", 8);
  bytes += {static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return bytes + header + body;
}

TEST(Bounds, NpyHeadersOfManyDigits) {
  const auto parse = [](const std::string& header) {
    return refusal([&] { parse_npy(npy_of(header, std::string(8, '\0')), "x.npy"); });
  };
  const std::string digits(64'000, '1');
  expect_part(parse("{'descr': '<f8', 'fortran_order': False, 'shape': (" + digits + ",), }"), "is too large");
  expect_part(parse("{'descr': '<f" + digits + "', 'fortran_order': False, 'shape': (1,), }"), "is not supported");
  expect_part(parse("{'descr': '<f8', 'fortran_order': " + std::string(64'000, ' ') + "Fals, 'shape': (1,), }"),
              "lacks fortran_order");
  expect_part(parse("{'descr': '<f8', 'fortran_order': False, 'shape': (" + repeated("1, ", 20'000) + "), }"),
              "is too large");
  expect_part(parse("{'descr': '<f8', 'fortran_order': False, 'shape': (1; 1), }"), "lacks a shape");
  const NpyArray read =
      parse_npy(npy_of("{ 'shape':(2 ,1), 'fortran_order':False,'descr':'|u1' }", "\x05\x07"), "x.npy");
  EXPECT_EQ(read.shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(read.values, (std::vector<double>{5, 7}));
}

class OneMebibyte : public Inputs {
 protected:
  void SetUp() override { setenv("EMFBENCH_MOST_UNPACKED_MIB", "1", 1); }
  void TearDown() override { unsetenv("EMFBENCH_MOST_UNPACKED_MIB"); }
};

void write_zip(const std::filesystem::path& path, const std::string& name, const std::string& bytes) {
  int error = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
  ASSERT_NE(archive, nullptr);
  zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
  ASSERT_GE(zip_file_add(archive, name.c_str(), source, 0), 0);
  ASSERT_EQ(zip_close(archive), 0);
}

TEST_F(OneMebibyte, WhatIsPackedSaysHowLargeItIs) {
  const NpyArray zeros{{1000, 1000}, std::vector<double>(1'000'000)};
  const std::string bytes = npy_bytes(zeros);
  write_zip(folder_ / "bomb.npz", "features.npy", bytes);
  EXPECT_LT(std::filesystem::file_size(folder_ / "bomb.npz"), 100'000u);
  expect_part(refusal([&] { read_npz(folder_ / "bomb.npz", "features"); }), "set EMFBENCH_MOST_UNPACKED_MIB to 8");
  expect_part(refusal([&] { ZipFile(folder_ / "bomb.npz").read(0); }), "unpack to 8000128");
  // Stored, the same array is no bomb: the file is as large as what it becomes.
  folder_.write("stored.npz", npz_bytes({{"features", zeros}}));
  EXPECT_EQ(read_npz(folder_ / "stored.npz", "features").shape, zeros.shape);
  setenv("EMFBENCH_MOST_UNPACKED_MIB", "8", 1);
  EXPECT_EQ(read_npz(folder_ / "bomb.npz", "features").shape, zeros.shape);
  setenv("EMFBENCH_MOST_UNPACKED_MIB", "many", 1);
  expect_part(refusal([] { most_unpacked_bytes(); }), "$EMFBENCH_MOST_UNPACKED_MIB is 'many'");
}

TEST_F(Inputs, NamesStandOnce) {
  std::string bytes = npz_bytes({{"a", {{1}, {1.0}}}, {"b", {{1}, {2.0}}}});
  for (size_t at = bytes.find("b.npy"); at != std::string::npos; at = bytes.find("b.npy", at)) bytes[at] = 'a';
  folder_.write("twice.npz", bytes);
  expect_part(refusal([&] { npz_names(folder_ / "twice.npz"); }), "holds two entries 'a.npy'");
  expect_part(refusal([&] { read_npz(folder_ / "twice.npz", "a"); }), "holds two entries 'a.npy'");
  expect_part(refusal([&] { ZipFile(folder_ / "twice.npz"); }), "holds two entries 'a.npy'");
  const std::string header = R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                             R"("x":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}})";
  std::string file(8, '\0');
  file[0] = static_cast<char>(header.size());
  folder_.write("twice.safetensors", file + header + "1234");
  expect_part(refusal([&] { SafetensorsIndex(folder_ / "twice.safetensors"); }), "x: the header names it twice");
}

TEST(TimeLimits, EndWhatHasNoEnd) {
  EXPECT_EXIT(
      {
        const TimeLimit limit("network.pt: its forward", 1, "EMFBENCH_SCRIPT_SECONDS");
        while (true) {
        }
      },
      testing::ExitedWithCode(2), "network.pt: its forward took more than 1 s");
  const TimeLimit none("nothing", 0, ""), ample("this", 3600, "");  // both end with their scope
}

}  // namespace
}  // namespace emf
