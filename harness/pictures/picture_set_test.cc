// SPDX-License-Identifier: Apache-2.0
// Sets of pictures wherever they lie, and what is said of those that are not read.
#include "harness/pictures/picture_set.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <functional>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/pictures/picture_folder.h"
#include "harness/pictures/png.h"
#include "tests/drawn_pictures.h"

namespace emf::pictures {
namespace {

constexpr int kHeight = 6, kWidth = 4;

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

/// uint8 in the order given, with the shape's text as numpy writes it.
std::string npy_of_bytes(const std::string& shape, const std::vector<uint8_t>& bytes, bool column_order = false) {
  std::string header = std::string("{'descr': '|u1', 'fortran_order': ") + (column_order ? "True" : "False") +
                       ", 'shape': (" + shape + "), }\n";
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(header.size());
  text += '\0';
  return text + header + std::string(bytes.begin(), bytes.end());
}

void write_zip(const std::filesystem::path& path, const std::vector<std::pair<std::string, std::string>>& members) {
  int code = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  ASSERT_NE(archive, nullptr);
  for (const auto& [name, bytes] : members) {
    zip_file_add(archive, name.c_str(), zip_source_buffer(archive, bytes.data(), bytes.size(), 0), 0);
  }
  ASSERT_EQ(zip_close(archive), 0);
}

std::vector<std::string> names_of(const PictureSet& set) {
  std::vector<std::string> names;
  for (size_t i = 0; i < set.size(); ++i) names.push_back(set.name(i));
  return names;
}

/// That the set holds drawn pictures 0, 1, 2 ..., however it is read.
void expect_drawn(const PictureSet& set, size_t count) {
  ASSERT_EQ(set.size(), count);
  const std::vector<Picture> all = set.read(0, count), last = set.read(count - 1, 1), again = set.read(0, 1);
  for (size_t i = 0; i < count; ++i) {
    EXPECT_EQ(all[i].rgb, drawn_picture(static_cast<int>(i), kHeight, kWidth)) << i;
    EXPECT_EQ(std::pair(all[i].height, all[i].width), std::pair(kHeight, kWidth));
  }
  EXPECT_EQ(last[0].rgb, all.back().rgb);
  EXPECT_EQ(again[0].rgb, all.front().rgb);
}

std::string png(int number) { return encoded_picture(".png", number, kHeight, kWidth); }

TEST(PictureSet, FoldersHoldEveryKindInOrderOfName) {
  const TemporaryFolder folder("picture_set");
  folder.write("a.png", png(0));
  const std::vector<uint8_t> one = drawn_picture(1, kHeight, kWidth);
  folder.write("b.PPM", "P6 4 6 255\n" + std::string(one.begin(), one.end()));
  folder.write("c.jfif", png(2));  // what is in it decides, as with Pillow
  folder.write("d.npy", npy_of_bytes("6, 4, 3", drawn_picture(3, kHeight, kWidth)));
  folder.write(".hidden.png", "x");
  const PictureSet set(folder.path());
  EXPECT_EQ(names_of(set), (std::vector<std::string>{"a.png", "b.PPM", "c.jfif", (folder / "d.npy").string()}));
  expect_drawn(set, 4);
  EXPECT_TRUE(set.warnings().empty());
}

TEST(PictureSet, WhatIsPassedOverIsSaid) {
  const TemporaryFolder folder("picture_set");
  folder.write("a.png", png(0));
  folder.write("a.jpg", png(0));
  folder.write("notes.txt", "x");
  folder.write("clip.mp4", "x");
  folder.write("more/b.png", png(1));
  folder.write("more/deep/c.png", png(2));
  const std::vector<std::string> warnings = PictureSet(folder.path()).warnings();
  ASSERT_EQ(warnings.size(), 3u);
  EXPECT_NE(warnings[0].find("2 files (.mp4 1, .txt 1: clip.mp4, ...)"), std::string::npos) << warnings[0];
  EXPECT_NE(warnings[1].find("1 folder with 2 pictures (more); --subfolders reads them"), std::string::npos)
      << warnings[1];
  EXPECT_NE(warnings[2].find("1 picture has the name of another but for the ending (a.jpg and a.png)"),
            std::string::npos)
      << warnings[2];
  const PictureSet all(folder.path(), {.subfolders = true});
  EXPECT_EQ(names_of(all), (std::vector<std::string>{"a.jpg", "a.png", "more/b.png", "more/deep/c.png"}));
  EXPECT_EQ(all.warnings().size(), 2u);
  EXPECT_NE(all.sha256(), PictureSet(folder.path()).sha256());
}

TEST(PictureSet, FoldersWithoutPicturesSayWhatTheyHold) {
  const TemporaryFolder folder("picture_set");
  folder.write("notes.txt", "x");
  folder.write("within/a.png", png(0));
  const std::string why = refusal([&] { PictureSet set(folder.path()); });
  EXPECT_NE(why.find("no picture in it"), std::string::npos) << why;
  EXPECT_NE(why.find("it holds 1 file (.txt 1: notes.txt)"), std::string::npos) << why;
  EXPECT_NE(why.find("--subfolders (within)"), std::string::npos) << why;
  folder.write("caf\xe9.png", png(0));
  EXPECT_NE(refusal([&] { PictureSet set(folder.path()); }).find("caf\\xE9.png: a name that is not UTF-8"),
            std::string::npos);
}

TEST(PictureSet, ZipsHoldTheirFoldersPictures) {
  const TemporaryFolder folder("picture_set");
  write_zip(folder / "p.zip", {{"x/2.png", png(2)},
                               {"0.png", png(0)},
                               {"1.png", png(1)},
                               {"read.me", "x"},
                               {"__MACOSX/._0.png", "x"},
                               {".hidden.png", "x"}});
  const PictureSet set(folder / "p.zip");
  expect_drawn(set, 3);
  ASSERT_EQ(set.warnings().size(), 1u);
  EXPECT_NE(set.warnings()[0].find("1 file (.me 1: read.me)"), std::string::npos) << set.warnings()[0];
  write_zip(folder / "bad.zip", {{"0.png", png(0)}, {"x/cut.png", png(1).substr(0, 60)}});
  EXPECT_NE(refusal([&] { PictureSet(folder / "bad.zip").read(0, 2); }).find("bad.zip: x/cut.png: is cut short"),
            std::string::npos);
  folder.write("none.zip", "x");
  EXPECT_NE(refusal([&] { PictureSet none(folder / "none.zip"); }).find("not a zip, or damaged"), std::string::npos);
}

TEST(PictureSet, ArraysOfBytesInEitherOrderOfAxes) {
  const TemporaryFolder folder("picture_set");
  constexpr size_t kCount = 5, kPixels = size_t{kHeight} * kWidth;
  std::vector<uint8_t> last(kCount * kPixels * 3), first(last.size()), columns(last.size());
  for (size_t n = 0; n < kCount; ++n) {
    const std::vector<uint8_t> rgb = drawn_picture(static_cast<int>(n), kHeight, kWidth);
    for (size_t p = 0; p < kPixels; ++p) {
      for (size_t c = 0; c < 3; ++c) {
        last[(n * kPixels + p) * 3 + c] = rgb[3 * p + c];
        first[(n * 3 + c) * kPixels + p] = rgb[3 * p + c];
        columns[n + kCount * (p / kWidth + kHeight * (p % kWidth + kWidth * c))] = rgb[3 * p + c];
      }
    }
  }
  folder.write("last.npy", npy_of_bytes("5, 6, 4, 3", last));
  folder.write("first.npy", npy_of_bytes("5, 3, 6, 4", first));
  folder.write("columns.npy", npy_of_bytes("5, 6, 4, 3", columns, true));
  for (const char* name : {"last.npy", "first.npy", "columns.npy"}) {
    SCOPED_TRACE(name);
    expect_drawn(PictureSet(folder / name), kCount);
  }
  // guided-diffusion's: a zip of arrays.
  write_zip(folder / "samples.npz", {{"arr_0.npy", npy_of_bytes("5, 6, 4, 3", last)}});
  const PictureSet samples(folder / "samples.npz", {.array = "arr_0"});
  expect_drawn(samples, kCount);
  EXPECT_EQ(samples.name(2), (folder / "samples.npz").string() + ":arr_0[2]");
  folder.write("mixed/a.npy", npy_of_bytes("5, 6, 4, 3", last));
  folder.write("mixed/b.png", png(5));
  expect_drawn(PictureSet(folder / "mixed"), kCount + 1);
  folder.write("grey.npy", npy_of_bytes("1, 2, 2, 1", {1, 2, 3, 4}));
  EXPECT_EQ(PictureSet(folder / "grey.npy").read(0, 1)[0].rgb,
            (std::vector<uint8_t>{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}));
  folder.write("four.npy", npy_of_bytes("1, 2, 2, 4", std::vector<uint8_t>(16)));
  EXPECT_NE(refusal([&] { PictureSet four(folder / "four.npy"); }).find("pictures must be uint8, [N, H, W, C]"),
            std::string::npos);
}

TEST(PictureSet, DeepGreyIsCutAsPillowDoesAndSaid) {
  const TemporaryFolder folder("picture_set");
  folder.write("deep.pgm", std::string("P5 2 1 65535\n\x01\x00\x00\x07", 17));
  const PictureSet set(folder.path());
  EXPECT_TRUE(set.warnings().empty());
  EXPECT_EQ(set.read(0, 1)[0].rgb, (std::vector<uint8_t>{255, 255, 255, 7, 7, 7}));
  ASSERT_EQ(set.warnings().size(), 1u);
  EXPECT_NE(set.warnings()[0].find("1 picture of"), std::string::npos);
}

TEST(PictureSet, GreyAmongColoursAndTransparencyAreSaid) {
  const TemporaryFolder folder("picture_set");
  folder.write("a.ppm", std::string("P6 1 1 255\n\x01\x02\x03", 14));
  folder.write("b.pgm", std::string("P5 1 1 255\n\x07", 12));
  const PictureSet mixed(folder.path());
  EXPECT_TRUE(mixed.warnings().empty());  // nothing was read yet
  mixed.read(0, 2);
  ASSERT_EQ(mixed.warnings().size(), 1u);
  EXPECT_EQ(mixed.warnings()[0],
            "1 of the 2 pictures of " + folder.path().string() + " is grey; taken as three equal colours");
  const TemporaryFolder grey("picture_set");
  grey.write("b.pgm", std::string("P5 1 1 255\n\x07", 12));
  const PictureSet all_grey(grey.path());
  all_grey.read(0, 1);
  EXPECT_TRUE(all_grey.warnings().empty());  // as a set of digits is

  const TemporaryFolder clear("picture_set");
  clear.write("a.png", encode_png(std::vector<uint8_t>{1, 2, 3, 254}, 1, 1, /*smallest=*/false));
  clear.write("b.png", encode_png(std::vector<uint8_t>{1, 2, 3, 255}, 1, 1, /*smallest=*/false));
  const PictureSet transparent(clear.path());
  transparent.read(0, 2);
  ASSERT_EQ(transparent.warnings().size(), 1u);
  EXPECT_NE(transparent.warnings()[0].find("1 of the 2 pictures of"), std::string::npos);
  EXPECT_NE(transparent.warnings()[0].find("is transparent in places; the colours beneath are taken, as Pillow does"),
            std::string::npos);
}

TEST(PictureSet, ABadPictureIsNamed) {
  const TemporaryFolder folder("picture_set");
  folder.write("a.png", png(0));
  folder.write("b.png", png(1).substr(0, 70));
  folder.write("c.png", "");
  EXPECT_EQ(refusal([&] { PictureSet(folder.path()).read(0, 3); }), (folder / "b.png").string() + ": is cut short");
  EXPECT_EQ(refusal([&] { PictureSet(folder.path()).read(2, 1); }), (folder / "c.png").string() + ": is empty");
}

}  // namespace
}  // namespace emf::pictures
