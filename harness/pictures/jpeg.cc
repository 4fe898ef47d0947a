// SPDX-License-Identifier: Apache-2.0
// JPEGs by libjpeg-turbo, with its default transform and upsampling, as Pillow sets it.
#include <cstdio>
// jpeglib.h needs size_t and FILE before it.
#include <jerror.h>
#include <jpeglib.h>

#include <csetjmp>
#include <cstring>

#include "harness/pictures/orientation.h"
#include "harness/pictures/stored_picture.h"

namespace emf::pictures {
namespace {

constexpr std::string_view kXmpMark("http://ns.adobe.com/xap/1.0/\0", 29);

/// All that lives across a jump out of libjpeg.
struct Job {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  std::jmp_buf stop{};
  std::string_view encoded;
  const Wanted* wanted = nullptr;
  StoredPicture picture;
  std::vector<uint8_t> row;  // of four inks
  std::string complaint;
};

Job& job_of(j_common_ptr info) { return *static_cast<Job*>(info->client_data); }

[[noreturn]] void give_up(j_common_ptr info) {
  Job& job = job_of(info);
  if (info->err->msg_code == JWRN_JPEG_EOF || info->err->msg_code == JERR_INPUT_EMPTY) {
    job.complaint = "is cut short";
  } else {
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    job.complaint = std::string("holds damaged JPEG data (") + text + ")";
  }
  std::longjmp(job.stop, 1);
}

/// libjpeg goes on after a warning, with grey or noise in the place of what it could not read.
void take_message(j_common_ptr info, int level) {
  if (level < 0) give_up(info);
}

void find_orientation(Job& job) {
  int found = 0, in_xmp = 0;
  for (jpeg_saved_marker_ptr marker = job.info.marker_list; marker != nullptr; marker = marker->next) {
    const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
    if (data.starts_with("Exif") && found == 0) found = exif_orientation(data);
    if (data.starts_with(kXmpMark) && in_xmp == 0) in_xmp = xmp_orientation(data);
  }
  job.picture.orientation = found != 0 ? found : in_xmp != 0 ? in_xmp : 1;
}

/// Rounded a * b / 255, as Pillow has it.
int product(int a, int b) {
  const int whole = a * b + 128;
  return ((whole >> 8) + whole) >> 8;
}

/// Four inks, stored the other way round by the custom of Adobe, to RGB as Pillow turns them.
void append_inks(const std::vector<uint8_t>& row, std::vector<uint8_t>& rgb) {
  for (size_t i = 0; i + 3 < row.size(); i += 4) {
    const int light = row[i + 3];
    for (size_t c = 0; c < 3; ++c) {
      rgb.push_back(static_cast<uint8_t>(std::max(0, light - product(255 - row[i + c], light))));
    }
  }
}

/// False after a jump; the job then says why.
bool run(Job& job) {
  if (setjmp(job.stop) != 0) return false;
  jpeg_decompress_struct& info = job.info;
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(job.encoded.data()),
               static_cast<unsigned long>(job.encoded.size()));
  if (job.wanted->orientation) jpeg_save_markers(&info, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header(&info, TRUE);
  if (job.wanted->orientation) find_orientation(job);
  const bool grey = info.jpeg_color_space == JCS_GRAYSCALE, inks = info.num_components == 4;
  info.out_color_space = grey ? JCS_GRAYSCALE : inks ? JCS_CMYK : JCS_RGB;
  info.scale_num = 1;
  info.scale_denom = static_cast<unsigned>(job.wanted->reduce);
  jpeg_start_decompress(&info);
  StoredPicture& picture = job.picture;
  picture.height = static_cast<int>(info.output_height), picture.width = static_cast<int>(info.output_width);
  picture.channels = grey ? 1 : 3;
  reserve_rows(picture, job.encoded.size());
  job.row.resize(static_cast<size_t>(picture.width) * 4);
  const size_t row_bytes = static_cast<size_t>(picture.width) * static_cast<size_t>(picture.channels);
  while (info.output_scanline < info.output_height) {
    if (inks) {
      JSAMPROW row = job.row.data();
      jpeg_read_scanlines(&info, &row, 1);
      append_inks(job.row, picture.bytes);
      continue;
    }
    const size_t begin = picture.bytes.size();
    picture.bytes.resize(begin + row_bytes);
    JSAMPROW row = picture.bytes.data() + begin;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);  // reads to the end mark
  return true;
}

}  // namespace

StoredPicture decode_jpeg(std::string_view encoded, const Wanted& wanted) {
  Job job;
  job.encoded = encoded;
  job.wanted = &wanted;
  job.info.err = jpeg_std_error(&job.errors);
  job.info.client_data = &job;
  job.errors.error_exit = give_up;
  job.errors.emit_message = take_message;
  job.errors.output_message = [](j_common_ptr) {};
  bool done = false;
  try {
    done = run(job);
  } catch (...) {  // no memory for rows
    jpeg_destroy_decompress(&job.info);
    throw;
  }
  jpeg_destroy_decompress(&job.info);
  if (!done) throw UnreadablePicture(job.complaint);
  return std::move(job.picture);
}

}  // namespace emf::pictures
