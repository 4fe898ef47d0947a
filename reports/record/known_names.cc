// SPDX-License-Identifier: Apache-2.0
#include "reports/record/known_names.h"

namespace emf {

const Json& known_names() {
  static const Json names =
      parse_json(R"json({
    "main_metric": "geneval",
    "main_objective": "mean_flow",
    "metrics": {
      "geneval": {
        "title": "GenEval", "higher_is_better": true, "metric": "geneval",
        "meaning": "Share of pictures that show what the prompt asks for, averaged over the tasks",
        "parts": {
          "single_object": "One object", "two_object": "Two objects", "counting": "Counting", "colors": "Colours",
          "position": "Position", "color_attr": "Colour binding", "composition": "Long caption",
          "in_distribution": "Pairs seen in training", "held_out": "Pairs held out",
          "held_out_template": "In other words"
        }
      },
      "question_graph": {
        "title": "Long captions", "higher_is_better": true, "metric": "question_graph",
        "parts": {"entity": "Objects", "attribute": "Colours", "other": "Counts", "relation": "Places"}
      },
      "fd_lite0": {
        "title": "Fréchet distance on lite0 features (fd_lite0)", "higher_is_better": false, "metric": "frechet",
        "backbone": "lite0"
      },
      "kid_lite0": {
        "title": "Kernel distance on lite0 features (kid_lite0)", "higher_is_better": false, "metric": "kid",
        "backbone": "lite0"
      },
      "network_evaluations": {"title": "Network evaluations a picture", "higher_is_better": false},
      "seconds_per_picture": {"title": "Seconds a picture", "higher_is_better": false}
    },
    "parts": {"judge_corrected": ", corrected for the judge", "over_seeds": " over training seeds"},
    "names": {
      "encoder": {
        "class_label": {"title": "Class labels"}, "llm": {"title": "Language model"}, "hash": {"title": "Hashed words"},
        "random": {"title": "Random text vectors"}, "minilm": {"title": "Sentence encoder"},
        "clip": {"title": "CLIP text tower"}, "t5": {"title": "T5"}, "clip_small": {"title": "Small CLIP"},
        "t5_small": {"title": "Small T5"}, "llm_small": {"title": "Small language model"},
        "sentence_small": {"title": "Small sentence encoder"}, "real": {"title": "Real pictures"}
      },
      "objective": {
        "mean_flow": {"title": "MeanFlow", "color": "#d55e00", "mark": "circle", "starts_from": "flow_matching"},
        "flow_matching": {"title": "Flow matching", "color": "#0072b2", "dash": [6, 3], "mark": "square"},
        "ddpm": {"title": "Diffusion", "color": "#009e73", "dash": [2, 2], "mark": "triangle-up"},
        "ceiling": {"title": "as rendered"}, "reconstruction": {"title": "through the codec"},
        "chance": {"title": "of other prompts"}
      },
      "pretraining": {
        "picture_contrastive": {"title": "know a caption's picture"},
        "span_corruption": {"title": "fill gaps in captions"}, "next_token": {"title": "go on with captions"},
        "paraphrase_contrastive": {"title": "know a caption in other words"}
      },
      "probe": {
        "discriminability": {
          "title": "Discriminability",
          "question": "Do captions that lie close in the encoder's space belong to pictures that look alike? )json"
                 R"json(Mean cosine of picture features between a query and the captions nearest to its own."
        },
        "disentanglement": {
          "title": "Disentanglement",
          "question": "Does a caption keep its direction when random parts of it are removed? )json"
                 R"json(Mean cosine between the features of the whole and of the rest."
        }
      },
      "mode": {
        "own_1": {"title": "Own nearest"}, "own_5": {"title": "Own in 5 nearest"},
        "own_1_centred": {"title": "Own nearest, centred"}, "own_5_centred": {"title": "Own in 5 nearest, centred"}
      },
      "backbone": {"lite0": {"title": "EfficientNet-lite0"}}
    }
  })json",
                 "the names that reports know");
  return names;
}

}  // namespace emf
