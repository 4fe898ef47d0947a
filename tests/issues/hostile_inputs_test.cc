// SPDX-License-Identifier: Apache-2.0
// Files made to hurt, at the program's door: each ends in one line and exit code 2 or 3, in time, and obeys nothing.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "encoders/tokenizers/tokenizer_file.h"
#include "harness/api/encoder.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/plugin/elf_section.h"
#include "harness/tensor/script_file.h"
#include "tests/command_run.h"
#include "tests/drawn_pictures.h"
#include "tests/said_lines.h"
#include "tests/script_networks.h"

namespace emf {
namespace {

class HostileInputs : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  /// One line, and none of the control characters that came in.
  void refuses(const std::vector<std::string>& words, const std::string& part, int code = 2) {
    const CommandOutcome outcome = run_command(words);
    EXPECT_EQ(outcome.code, code) << outcome.talk.substr(0, 3000);
    EXPECT_NE(outcome.talk.find(part), std::string::npos) << outcome.talk.substr(0, 3000);
    EXPECT_EQ(lines_that_are_no_progress(outcome.talk), 1) << outcome.talk.substr(0, 3000);
    EXPECT_EQ(outcome.talk.find('\x1b'), std::string::npos);
    EXPECT_LT(outcome.talk.size(), 5000u);
  }

  std::string message_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const UserError& error) {
      return error.what();
    }
    return "nothing was refused";
  }

  TemporaryFolder folder_{"hostile_inputs"};
};

TEST_F(HostileInputs, NamesOfSuitesStayInTheStore) {
  for (const char* name : {"../../x", "/tmp/x", "", "a\\nb", "a\\u001b[31mb", "..", ".", "a.b"}) {
    folder_.write("x.toml", fmt::format("[suite]\nname = \"{}\"\nquestion = \"?\"\n", name));
    for (const char* verb : {"plan", "report", "verify", "export"}) {
      SCOPED_TRACE(std::string(verb) + " of " + name);
      refuses({verb, path("x.toml"), "--store", path("store")}, "x.toml:2: suite name '");
    }
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "store"));
}

TEST_F(HostileInputs, NamesOfFilesAreShown) {
  refuses({"plan", path("\x1b[2J\n.toml")}, "\\x1B[2J\\x0A.toml does not exist", 3);
  refuses({"list", "encoders", "--plugin", path("\x1b]0;x\x07")}, "\\x1B]0;x\\x07", 3);
  refuses({"verify", "\u202ex", "--store", path("store")}, "\\u202Ex", 3);
}

TEST_F(HostileInputs, RecordsOfAnotherShape) {
  for (const char* text : {"[]", "1", "null", "{\"suite\": 5}", "{\"suite\": \"x\", \"claims\": 3}"}) {
    SCOPED_TRACE(text);
    folder_.write("store/runs/suite/0123456789abcdef/result.json", text);
    folder_.write("store/runs/suite/0123456789abcdef/provenance.json", text);
    folder_.write("store/runs/suite/0123456789abcdef/spec.json", text);
    for (const char* verb : {"report", "verify", "export"}) {
      const CommandOutcome outcome = run_command({verb, "x", "--store", path("store")});
      EXPECT_TRUE(outcome.code == 2 || outcome.code == 3) << outcome.code << outcome.talk;
    }
    EXPECT_EQ(run_command({"status", "--store", path("store")}).code, 0);
  }
}

TEST_F(HostileInputs, WrappersNestSoDeep) {
  std::string deep = "hash";
  for (int i = 0; i < 3000; ++i) deep = "degraded:rank=8:" + deep;
  folder_.write("p.txt", "a photo of a cat\n");
  refuses({"tokenize", "--encoder", deep, "--prompts", path("p.txt")}, "encoders stand within each other");
  EXPECT_NO_THROW(make_encoder("degraded:rank=8:degraded:rank=8:hash", Json::object(), 0));
}

TEST_F(HostileInputs, IdsOfLabels) {
  folder_.write("ids.jsonl", "{\"ids\": [1, 2, 3]}\n");
  refuses({"encode", "--encoder", "class_label", "--ids", path("ids.jsonl"), "--out", path("x.safetensors")},
          "reads labels, which are no token ids");
}

TEST_F(HostileInputs, PicturesOfMoreThanIsAllowed) {
  setenv("EMFBENCH_MOST_UNPACKED_MIB", "1", 1);
  folder_.write("pictures/0.png", encoded_picture(".png", 0, 1024, 1024));
  folder_.write("good.npy", "");
  refuses({"score", "inception", "--generated", path("pictures"), "-q"}, "set EMFBENCH_MOST_UNPACKED_MIB");
  unsetenv("EMFBENCH_MOST_UNPACKED_MIB");
}

TEST_F(HostileInputs, ScriptsThatLoop) {
  torch::jit::Module module("loop");
  module.define(R"(
def forward(self, x):
    while bool(x.sum() >= 0):
        x = x + 0
    return x
)");
  module.save(path("loop.pt"));
  setenv("EMFBENCH_SCRIPT_SECONDS", "1", 1);
  EXPECT_EXIT(run_script(read_script(path("loop.pt")), at::ones({1})), testing::ExitedWithCode(2),
              "loop.pt: its forward took more than 1 s; .*EMFBENCH_SCRIPT_SECONDS");
  unsetenv("EMFBENCH_SCRIPT_SECONDS");
}

TEST_F(HostileInputs, DamagedScripts) {
  write_color_backbone(folder_ / "whole.pt");
  const std::string whole = read_file(folder_ / "whole.pt");
  int refused = 0;
  for (size_t i = 0; i < 200; ++i) {
    std::string damaged = whole;
    damaged[(i * 7919) % whole.size()] = static_cast<char>(damaged[(i * 7919) % whole.size()] ^ (1 << i % 8));
    folder_.write("damaged.pt", damaged);
    // Where it still loads, the bit lay between the entries.
    if (message_of([&] { read_script(folder_ / "damaged.pt"); }) != "nothing was refused") ++refused;
  }
  EXPECT_GT(refused, 20);
}

TEST_F(HostileInputs, TokenizersThatGrow) {
  std::string steps;
  for (int i = 0; i < 40; ++i) {
    steps += std::string(i == 0 ? "" : ",") + R"({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"})";
  }
  folder_.write("tokenizer.json", R"({"version": "1.0", "added_tokens": [], "normalizer": {"type": "Sequence", )"
                                  R"("normalizers": [)" +
                                      steps +
                                      R"(]}, "pre_tokenizer": null, "post_processor": null, )"
                                      R"("decoder": null, "model": {"type": "WordPiece", "unk_token": "u", )"
                                      R"("continuing_subword_prefix": "##", "max_input_chars_per_word": 100, )"
                                      R"("vocab": {"u": 0, "a": 1}}})");
  const auto tokenizer = load_tokenizer(folder_ / "tokenizer.json");
  const std::string message = message_of([&] { tokenizer->encode("a", false); });
  EXPECT_NE(message.find("bytes of one text"), std::string::npos) << message;
}

TEST_F(HostileInputs, SentencePieceOfNoLength) {
  // Two pieces of one field each, the second an empty text.   @source  sentencepiece_model.proto
  const std::string unknown("\x0a\x07\x0a\x03<u>\x18\x02", 9), empty("\x0a\x02\x0a\x00", 4);
  folder_.write("x.model", unknown + empty);
  folder_.write("p.txt", "a\n");
  refuses({"tokenize", "--tokenizer", path("x.model"), "--prompts", path("p.txt")}, "a piece is empty");
}

/// A shared object that is surely there.
std::string some_shared_object() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const size_t at = line.find('/');
    if (at != std::string::npos && line.find("libm.so") != std::string::npos) return read_file(line.substr(at));
  }
  return "";
}

TEST_F(HostileInputs, SharedObjectsThatLie) {
  const std::string whole = some_shared_object();
  ASSERT_FALSE(whole.empty());
  EXPECT_EQ(elf_damage(whole), "");
  EXPECT_EQ(elf_damage("text"), "no ELF file");
  EXPECT_NE(elf_damage(std::string_view(whole).substr(0, whole.size() / 2)), "");
  EXPECT_NE(elf_damage(std::string_view(whole).substr(0, whole.size() - 1)), "");
  const auto with = [&](size_t at, unsigned char value) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(value);
    return elf_damage(damaged);
  };
  EXPECT_EQ(with(4, 1), "not a 64-bit shared object of this machine");
  EXPECT_EQ(with(18, 3), "not a 64-bit shared object of this machine") << "another machine's";
  EXPECT_EQ(with(39, 0xff), "its program headers lie outside the file");
  EXPECT_EQ(with(54, 1), "no program headers");
  EXPECT_EQ(with(64 + 8 + 7, 0x7f), "a segment lies outside the file");
  folder_.write("x.so", whole);
  refuses({"list", "encoders", "--plugin", path("x.so")}, "holds no ABI string");
  folder_.write("x.so.sha256", std::string(64, '0') + "  x.so\n");
  refuses({"list", "encoders", "--plugin", path("x.so")}, "is not the file that");
}

}  // namespace
}  // namespace emf
