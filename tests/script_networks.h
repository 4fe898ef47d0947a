// SPDX-License-Identifier: Apache-2.0
// Small TorchScript networks that tests write and read back: judges that see squares of one colour or say how much of a
// colour there is, a codec of half the side, a backbone of mean colours.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <filesystem>
#include <string>

namespace emf {

/// Reports one box around what is brighter than half, of class 0, with the number of its strongest channel as colour.
inline void write_square_judge(const std::filesystem::path& path) {
  torch::jit::Module module("judge");
  module.define(R"(
def forward(self, x):
    result : List[Dict[str, Tensor]] = []
    for i in range(x.size(0)):
        seen = x[i].max(0)[0] > 0.5
        places = seen.nonzero()
        nothing = torch.zeros([0])
        found = {"boxes": torch.zeros([0, 4]), "labels": nothing, "scores": nothing, "colors": nothing}
        if places.size(0) > 0:
            low = places.min(0)[0]
            high = places.max(0)[0] + 1
            found["boxes"] = torch.stack([low[1], low[0], high[1], high[0]]).unsqueeze(0)
            found["labels"] = torch.zeros([1])
            found["scores"] = torch.ones([1])
            found["colors"] = x[i].mean([1, 2]).argmax().unsqueeze(0)
        result.append(found)
    return result
)");
  module.save(path.string());
}

/// Answers each question, the name of a colour, with the mean of that channel.
/// @param fault  a line of the script that spoils its `scores`.
inline void write_color_answerer(const std::filesystem::path& path, const std::string& fault = "pass") {
  torch::jit::Module module("answerer");
  module.define(R"(
def forward(self, x, questions: List[str]):
    scores : List[float] = []
    for question in questions:
        channel = 2
        if question == "red":
            channel = 0
        if question == "green":
            channel = 1
        scores.append(float(x[0, channel].mean()))
    )" + fault + R"(
    return scores
)");
  module.save(path.string());
}

/// Halves each side by means over two by two pixels, and repeats each pixel twice on the way back: values as they came.
inline void write_halving_codec(const std::filesystem::path& path) {
  torch::jit::Module module("codec");
  module.define(R"(
def encode(self, x):
    return x.reshape([x.size(0), x.size(1), x.size(2) // 2, 2, x.size(3) // 2, 2]).mean([3, 5])

def decode(self, z):
    return z.repeat_interleave(2, 2).repeat_interleave(2, 3)
)");
  module.save(path.string());
}

/// [B,3,S,S] to [B,3]: the mean of each channel, doubled when `return_features` is given.
inline void write_color_backbone(const std::filesystem::path& path) {
  torch::jit::Module module("backbone");
  module.define(R"(
def forward(self, x, return_features: bool = False):
    y = x.mean([2, 3])
    if return_features:
        y = 2 * y
    return y
)");
  module.save(path.string());
}

}  // namespace emf
