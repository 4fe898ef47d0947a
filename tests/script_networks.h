// Small TorchScript networks that tests write and read back: a judge that sees squares of one colour, a backbone of mean colours.
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
        found = {"boxes": torch.zeros([0, 4]), "labels": torch.zeros([0]), "scores": torch.zeros([0]), "colors": torch.zeros([0])}
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
