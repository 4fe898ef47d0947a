// SPDX-License-Identifier: Apache-2.0
#include "harness/base/npy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "harness/base/zip_writer.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

std::string with_header(const std::string& header, const std::string& payload) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  return bytes + header + payload;
}

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Npy, WritesWhatItReads) {
  const NpyArray array = {{2, 3}, {1, 2, 3, 4, 5, 1e-300}};
  const NpyArray again = parse_npy(npy_bytes(array), "x.npy");
  EXPECT_EQ(again.shape, array.shape);
  EXPECT_EQ(again.values, array.values);
}

TEST(Npy, ReadsOrdersAndTypesAsNumpyDoes) {
  using namespace std::string_literals;
  const auto values = [](const std::string& bytes) { return parse_npy(bytes, "x.npy").values; };
  EXPECT_EQ(values(with_header("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }", "\x01\x02\xff\xff"s)),
            (std::vector<double>{258, -1}));
  EXPECT_EQ(values(with_header("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", "\1\2\3\4\5\6"s)),
            (std::vector<double>{1, 3, 5, 2, 4, 6}));
  EXPECT_EQ(values(with_header("{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }", "\x00\x3e"s)),
            (std::vector<double>{1.5}));
}

TEST(Npy, ReadsDeflatedArraysOfAnArchive) {
  const auto path = project_root() / "tests/oracle/metric_features.npz";
  EXPECT_EQ(npz_names(path).size(), 39u);
  const NpyArray array = read_npz(path, "two_samples/x");
  EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 5}));
  EXPECT_NE(refusal([&] { read_npz(path, "two_sample/x"); }).find("did you mean 'two_samples/x'?"), std::string::npos);
}

TEST(Npy, RefusesDamageInOneLine) {
  const std::string good = npy_bytes({{2, 3}, {1, 2, 3, 4, 5, 6}});
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_THROW(parse_npy(good.substr(0, length), "x.npy"), UserError) << length;
  }
  const auto message = [](const std::string& header) {
    return refusal([&] { parse_npy(with_header(header, std::string(64, '\0')), "x.npy"); });
  };
  EXPECT_NE(message("{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }").find("dtype 'c8'"), std::string::npos);
  EXPECT_NE(message("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }").find("too large"),
            std::string::npos);
  EXPECT_NE(message("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000,), }").find("truncated"),
            std::string::npos);
  EXPECT_NE(message("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }").find("structures"),
            std::string::npos);
  EXPECT_NE(refusal([] { npz_names(project_root() / "LICENSE"); }).find("not an .npz"), std::string::npos);
}

TEST(Npy, RefusesAnArchiveWithAnArrayTwice) {
  const TemporaryFolder folder("npz");
  const std::string array = npy_bytes({{1}, {1}});
  folder.write("a.npz", stored_zip({{"x.npy", array}, {"y.npy", array}, {"x.npy", npy_bytes({{1}, {2}})}}));
  EXPECT_NE(refusal([&] { read_npz(folder / "a.npz", "y"); }).find("holds two entries 'x.npy'"), std::string::npos);
}

TEST(Npy, RowsAreReadABlockAtATime) {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("emf_npy_rows_{}.npy", ::getpid());
  write_atomically(path, npy_bytes({{3, 2}, {1, 2, 3, 4, 5, 6}}));
  {
    const NpyRows rows(path);
    EXPECT_EQ(rows.rows(), 3);
    EXPECT_EQ(rows.columns(), 2);
    std::vector<double> values;
    rows.read(1, 2, values);
    EXPECT_EQ(values, (std::vector<double>{3, 4, 5, 6}));
  }
  write_atomically(path, npy_bytes({{3}, {1, 2, 3}}));
  EXPECT_NE(refusal([&] { NpyRows rows(path); }).find("but have 1 axes"), std::string::npos);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace emf
