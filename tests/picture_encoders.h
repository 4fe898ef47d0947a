// SPDX-License-Identifier: Apache-2.0
// Pictures that tests encode for themselves.
#pragma once

#include <cstdio>
// jpeglib.h needs size_t and FILE before it.
#include <jpeglib.h>
#include <webp/encode.h>

#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "harness/pictures/png.h"

namespace emf {

/// @param rgb  row by row; of one byte a pixel, it is grey.
inline std::string encoded_jpeg(std::span<const uint8_t> rgb, int height, int width, bool progressive = false) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_height = static_cast<JDIMENSION>(height);
  info.image_width = static_cast<JDIMENSION>(width);
  const size_t row = rgb.size() / static_cast<size_t>(height);
  info.input_components = static_cast<int>(row / static_cast<size_t>(width));
  info.in_color_space = info.input_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  if (progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto* line = const_cast<uint8_t*>(rgb.data() + info.next_scanline * row);
    jpeg_write_scanlines(&info, &line, 1);
  }
  jpeg_finish_compress(&info);
  std::string encoded(reinterpret_cast<const char*>(bytes), size);
  jpeg_destroy_compress(&info);
  std::free(bytes);
  return encoded;
}

inline std::string encoded_webp(std::span<const uint8_t> rgb, int height, int width, bool lossless = false) {
  uint8_t* bytes = nullptr;
  const size_t size = lossless ? WebPEncodeLosslessRGB(rgb.data(), width, height, 3 * width, &bytes)
                               : WebPEncodeRGB(rgb.data(), width, height, 3 * width, 95, &bytes);
  std::string encoded(reinterpret_cast<const char*>(bytes), size);
  WebPFree(bytes);
  return encoded;
}

/// @param extension  ".jpg", ".png" or ".webp".
inline std::string encoded_pixels(const std::string& extension, std::span<const uint8_t> rgb, int height, int width) {
  if (extension == ".jpg") return encoded_jpeg(rgb, height, width);
  if (extension == ".webp") return encoded_webp(rgb, height, width);
  return pictures::encode_png(rgb, height, width);
}

}  // namespace emf
