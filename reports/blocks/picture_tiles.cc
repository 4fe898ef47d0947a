// SPDX-License-Identifier: Apache-2.0
#include "reports/blocks/picture_tiles.h"

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/pictures/decode.h"
#include "harness/pictures/picture_header.h"
#include "harness/pictures/png.h"

namespace emf {

std::string base64(std::string_view bytes) {
  constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t have = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k) text += k <= have ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::vector<std::string> cut_tiles(const std::filesystem::path& grid, std::array<int, 2> tile, int columns,
                                   const std::vector<size_t>& indices) {
  const std::string bytes = read_file(grid);
  pictures::Picture image;
  try {
    image = pictures::decode(bytes);
  } catch (const pictures::UnreadablePicture& error) {
    fail_input("{} {}", grid.string(), error.what());
  }
  const auto [height, width] = tile;
  std::vector<std::string> uris;
  for (const size_t index : indices) {
    const auto place = static_cast<int>(index);
    const int left = place % columns * width, top = place / columns * height;
    if (left + width > image.width || top + height > image.height) {
      fail_input("{} is {}x{} pixels and holds no tile {} of {}x{} pixels, {} a row", grid.string(), image.width,
                 image.height, index, width, height, columns);
    }
    std::vector<uint8_t> pixels;
    for (int y = top; y < top + height; ++y) {
      const auto row = image.rgb.begin() + (std::ptrdiff_t{y} * image.width + left) * 3;
      pixels.insert(pixels.end(), row, row + std::ptrdiff_t{3} * width);
    }
    uris.push_back("data:image/png;base64," + base64(pictures::encode_png(pixels, height, width, /*smallest=*/true)));
  }
  return uris;
}

}  // namespace emf
