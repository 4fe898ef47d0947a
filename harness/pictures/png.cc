// SPDX-License-Identifier: Apache-2.0
// PNGs by libpng.
#include "harness/pictures/png.h"

#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include "harness/base/error.h"
#include "harness/pictures/orientation.h"
#include "harness/pictures/stored_picture.h"

namespace emf::pictures {
namespace {

/// All that lives across a jump out of libpng.
struct Job {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::jmp_buf stop{};
  std::string_view encoded;
  size_t place = 0;
  bool is_short = false;
  const Wanted* wanted = nullptr;
  StoredPicture picture;
  std::vector<uint8_t> rows;  // of 16 bits a channel, or all of them where they are interlaced
  std::vector<png_bytep> places;
  std::string complaint;
};

Job& job_of(png_structp png) { return *static_cast<Job*>(png_get_error_ptr(png)); }

[[noreturn]] void give_up(png_structp png, png_const_charp text) {
  Job& job = job_of(png);
  job.complaint = job.is_short ? "is cut short" : std::string("holds damaged PNG data (") + text + ")";
  std::longjmp(job.stop, 1);
}

/// Of what stands beside the pixels (profiles, texts) libpng warns often and harmlessly; not of the pixels themselves.
void take_warning(png_structp png, png_const_charp text) {
  if (std::string_view(text).starts_with("IDAT")) give_up(png, text);
}

void read_bytes(png_structp png, png_bytep target, size_t count) {
  Job& job = *static_cast<Job*>(png_get_io_ptr(png));
  if (count > job.encoded.size() - job.place) {
    job.is_short = true;
    png_error(png, "cut short");
  }
  std::memcpy(target, job.encoded.data() + job.place, count);
  job.place += count;
}

/// The hexadecimal digits behind three line ends, as ImageMagick writes an EXIF block into a text.
std::string bytes_of_raw_profile(std::string_view text) {
  for (int lines = 0; lines < 3; ++lines) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return "";
    text.remove_prefix(end + 1);
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string bytes;
  int high = -1;
  for (const char digit : text) {
    const size_t value = kDigits.find(digit);
    if (value == std::string_view::npos) continue;
    if (high >= 0) bytes += static_cast<char>(high * 16 + static_cast<int>(value));
    high = high >= 0 ? -1 : static_cast<int>(value);
  }
  return bytes;
}

int orientation_of(const Job& job) {
  png_bytep exif = nullptr;
  png_uint_32 size = 0;
  if (png_get_eXIf_1(job.png, job.info, &size, &exif) != 0) {
    if (const int found = exif_orientation({reinterpret_cast<const char*>(exif), size}); found != 0) return found;
  }
  png_textp texts = nullptr;
  const int count = png_get_text(job.png, job.info, &texts, nullptr);
  int in_xmp = 0;
  for (int i = 0; i < count; ++i) {
    const std::string_view key = texts[i].key;
    const size_t length =
        texts[i].compression >= PNG_ITXT_COMPRESSION_NONE ? texts[i].itxt_length : texts[i].text_length;
    const std::string_view text(texts[i].text, length);
    if (key == "Raw profile type exif") {
      if (const int found = exif_orientation(bytes_of_raw_profile(text)); found != 0) return found;
    }
    if (key == "XML:com.adobe.xmp" && in_xmp == 0) in_xmp = xmp_orientation(text);
  }
  return in_xmp != 0 ? in_xmp : 1;
}

/// Asks for eight bits a channel, but for grey ones of 16 that are to be cut as Pillow does.
/// @return  whether they are those.
bool set_transforms(Job& job) {
  const int depth = png_get_bit_depth(job.png, job.info), type = png_get_color_type(job.png, job.info);
  const bool keyed = png_get_valid(job.png, job.info, PNG_INFO_tRNS) != 0;
  const bool cut = depth == 16 && type == PNG_COLOR_TYPE_GRAY && job.wanted->pillow;
  if (depth == 16 && !cut) job.wanted->pillow ? png_set_strip_16(job.png) : png_set_scale_16(job.png);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(job.png);
  if (type == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(job.png);
  if (keyed && job.wanted->alpha) {
    png_set_tRNS_to_alpha(job.png);
  } else if (keyed && type == PNG_COLOR_TYPE_PALETTE) {
    png_set_strip_alpha(job.png);  // which the palette brings with it
  }
  return cut;
}

/// Grey of 16 bits, highest byte first, cut at 255.
void append_cut(const std::vector<uint8_t>& row, StoredPicture& picture) {
  for (size_t i = 0; i + 1 < row.size(); i += 2) {
    picture.clipped = picture.clipped || row[i] != 0;
    picture.bytes.push_back(row[i] != 0 ? 255 : row[i + 1]);
  }
}

/// False after a jump; the job then says why.
bool run(Job& job) {
  if (setjmp(job.stop) != 0) return false;
  png_set_read_fn(job.png, &job, read_bytes);
  if (!job.wanted->orientation) png_set_keep_unknown_chunks(job.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_read_info(job.png, job.info);
  StoredPicture& picture = job.picture;
  picture.height = static_cast<int>(png_get_image_height(job.png, job.info));
  picture.width = static_cast<int>(png_get_image_width(job.png, job.info));
  const bool cut = set_transforms(job), interlaced = png_set_interlace_handling(job.png) > 1;
  png_read_update_info(job.png, job.info);
  const size_t row_bytes = png_get_rowbytes(job.png, job.info);
  picture.channels = png_get_channels(job.png, job.info);
  reserve_rows(picture, job.encoded.size());
  const auto height = static_cast<size_t>(picture.height);
  if (interlaced) {
    std::vector<uint8_t>& all = cut ? job.rows : picture.bytes;
    all.resize(row_bytes * height);
    for (size_t y = 0; y < height; ++y) job.places.push_back(all.data() + y * row_bytes);
    png_read_image(job.png, job.places.data());
    if (cut) append_cut(job.rows, picture);
  } else {
    job.rows.resize(cut ? row_bytes : 0);
    for (size_t y = 0; y < height; ++y) {
      if (cut) {
        png_read_row(job.png, job.rows.data(), nullptr);
        append_cut(job.rows, picture);
        continue;
      }
      picture.bytes.resize((y + 1) * row_bytes);
      png_read_row(job.png, picture.bytes.data() + y * row_bytes, nullptr);
    }
  }
  png_read_end(job.png, job.info);
  if (job.wanted->orientation) picture.orientation = orientation_of(job);
  return true;
}

StoredPicture read_png(std::string_view encoded, const Wanted& wanted) {
  Job job;
  job.encoded = encoded;
  job.wanted = &wanted;
  job.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &job, give_up, take_warning);
  ensure(job.png != nullptr, "libpng is another than it was built with, {}", PNG_LIBPNG_VER_STRING);
  job.info = png_create_info_struct(job.png);
  bool done = false;
  try {
    done = job.info != nullptr && run(job);
  } catch (...) {  // no memory for rows
    png_destroy_read_struct(&job.png, &job.info, nullptr);
    throw;
  }
  png_destroy_read_struct(&job.png, &job.info, nullptr);
  if (!done) throw UnreadablePicture(job.complaint);
  return std::move(job.picture);
}

struct WriteJob {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::jmp_buf stop{};
  std::string bytes, complaint;
};

bool write(WriteJob& job, std::span<const uint8_t> pixels, int height, int width, bool smallest) {
  if (setjmp(job.stop) != 0) return false;
  png_set_write_fn(
      job.png, &job,
      [](png_structp png, png_bytep bytes, size_t count) {
        static_cast<WriteJob*>(png_get_io_ptr(png))->bytes.append(reinterpret_cast<const char*>(bytes), count);
      },
      [](png_structp) {});
  // Where time matters, runs are all that is looked for.
  if (!smallest) png_set_filter(job.png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
  png_set_compression_level(job.png, smallest ? Z_BEST_COMPRESSION : Z_BEST_SPEED);
  png_set_compression_strategy(job.png, smallest ? Z_DEFAULT_STRATEGY : Z_RLE);
  const size_t row = pixels.size() / static_cast<size_t>(height);
  const bool alpha = row == static_cast<size_t>(width) * 4;
  png_set_IHDR(job.png, job.info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), 8,
               alpha ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(job.png, job.info);
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) png_write_row(job.png, pixels.data() + y * row);
  png_write_end(job.png, job.info);
  return true;
}

}  // namespace

StoredPicture decode_png(std::string_view encoded, const Wanted& wanted) { return read_png(encoded, wanted); }

RgbaPicture decode_png_with_alpha(std::string_view encoded) {
  const ReadBytes read = [&](uint64_t offset, size_t length) { return std::string(encoded.substr(offset, length)); };
  if (read_picture_header(read, encoded.size()).format != Format::kPng) throw UnreadablePicture("is no PNG");
  Wanted wanted;
  wanted.alpha = true;
  wanted.pillow = false;
  const StoredPicture stored = read_png(encoded, wanted);
  RgbaPicture picture{stored.height, stored.width, stored.channels % 2 == 0, {}};
  picture.rgba.reserve(stored.bytes.size() / static_cast<size_t>(stored.channels) * 4);
  for (size_t i = 0; i < stored.bytes.size(); i += static_cast<size_t>(stored.channels)) {
    for (size_t c = 0; c < 3; ++c) picture.rgba.push_back(stored.bytes[i + (stored.channels < 3 ? 0 : c)]);
    picture.rgba.push_back(picture.has_alpha ? stored.bytes[i + static_cast<size_t>(stored.channels) - 1] : 255);
  }
  return picture;
}

std::string encode_png(std::span<const uint8_t> pixels, int height, int width, bool smallest) {
  const size_t count = static_cast<size_t>(height) * static_cast<size_t>(width);
  ensure(height > 0 && width > 0 && (pixels.size() == count * 3 || pixels.size() == count * 4),
         "{} bytes for a PNG of {} x {}", pixels.size(), width, height);
  WriteJob job;
  job.png = png_create_write_struct(
      PNG_LIBPNG_VER_STRING, &job,
      [](png_structp png, png_const_charp text) {
        auto& failed = *static_cast<WriteJob*>(png_get_error_ptr(png));
        failed.complaint = text;
        std::longjmp(failed.stop, 1);
      },
      [](png_structp, png_const_charp) {});
  ensure(job.png != nullptr, "libpng is another than it was built with, {}", PNG_LIBPNG_VER_STRING);
  job.info = png_create_info_struct(job.png);
  const bool done = job.info != nullptr && write(job, pixels, height, width, smallest);
  png_destroy_write_struct(&job.png, &job.info);
  ensure(done, "a {} x {} PNG cannot be encoded ({})", width, height, job.complaint);
  return std::move(job.bytes);
}

}  // namespace emf::pictures
