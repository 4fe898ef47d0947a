// SPDX-License-Identifier: Apache-2.0
// From a suite to its stages: which keys move which hashes and which must not, what rows share, where they are cut.
#include "harness/engine/suite/suite_graph.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/progress.h"
#include "harness/engine/suite/suite_record.h"

namespace emf {
namespace {

constexpr const char* kSuite = R"(encoders = ["class_label", "hash"]
objectives = ["flow_matching", "mean_flow", "ddpm"]
steps = [1, 2]
probes = ["disentanglement"]
[suite]
name = "t"
question = "?"
[data]
side = 32
classes = 3
colors = 2
[model]
width = 32
depth = 1
heads = 2
[train]
pictures = 512
batch = 32
[evaluation]
prompts = 18
[[claims]]
name = "c"
claim = "hash/mean_flow/1 > hash/flow_matching/1"
)";

/// Hashes by kind of stage.
using Hashes = std::map<std::string, std::set<std::string>>;

class SuiteGraphTest : public testing::Test {
 protected:
  void SetUp() override { Talk::quiet() = true; }

  static SuiteGraph graph(const std::vector<std::string>& overrides = {}, const std::string& more = "") {
    Config config = parse_config(std::string(kSuite) + more, "t.toml");
    for (const std::string& word : overrides) apply_override(config, word);
    return build_suite_graph(read_suite(config), std::filesystem::temp_directory_path() / "emf_no_store");
  }

  static Hashes hashes(const SuiteGraph& graph) {
    Hashes by_kind;
    for (const StagePointer& stage : graph.stages) by_kind[stage->folder->kind()].insert(stage->hash());
    return by_kind;
  }

  /// Kinds of which a stage is there that was not there before.
  static std::set<std::string> new_kinds(const SuiteGraph& other) {
    static const Hashes before = hashes(graph());
    std::set<std::string> kinds;
    for (const auto& [kind, all] : hashes(other)) {
      const auto known = before.find(kind);
      for (const std::string& hash : all) {
        if (known == before.end() || known->second.count(hash) == 0) kinds.insert(kind);
      }
    }
    return kinds;
  }

  static std::string refusal(const std::vector<std::string>& overrides, const std::string& more = "") {
    try {
      graph(overrides, more);
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  }
};

using Kinds = std::set<std::string>;

TEST_F(SuiteGraphTest, KindsOfASmallSuite) {
  Kinds kinds;
  for (const auto& [kind, all] : hashes(graph())) kinds.insert(kind);
  EXPECT_EQ(kinds, (Kinds{"calibrate", "draw", "draw_unrelated", "judge", "judged_texts", "latents", "mush",
                          "pooled_texts", "probe", "sample", "score", "train", "training_texts"}));
}

TEST_F(SuiteGraphTest, KindsOfASuiteThatDoesEverything) {
  // An encoder that is pretrained, one that takes over what a row trained, distances, and probes that look at pictures.
  const std::string tables = R"([encoder.tuned]
encoder = "class_label"
values_of = "class_label/flow_matching"
[pretraining]
captions = 64
)";
  Kinds kinds;
  const SuiteGraph made = graph({"encoders=class_label,sentence_small,tuned", "probes=disentanglement,discriminability",
                                 "metrics=geneval,kid_lite0", "claims=[]"},
                                tables);
  for (const auto& [kind, all] : hashes(made)) kinds.insert(kind);
  // With those of the instruments' suites, all that RUN_FORMAT.md lists.
  EXPECT_EQ(kinds, (Kinds{"calibrate", "draw", "draw_unrelated", "encoder_values", "judge", "judged_texts", "latents",
                          "mush", "picture_features", "pooled_texts", "pretrain", "probe", "probe_pictures",
                          "reference_features", "sample", "score", "train", "training_texts"}));
}

TEST_F(SuiteGraphTest, HeldOutPicturesAreOthersThanTheReference) {
  const auto real_pictures = [&](const char* metrics) {
    std::set<std::string> found;
    for (const StagePointer& stage : graph({metrics, "claims=[]"}).stages) {
      if (stage->folder->kind() == "reference_features") found.insert(stage->hash());
    }
    return found;
  };
  const auto without = real_pictures("metrics=geneval,kid_lite0"), with = real_pictures("metrics=kid_lite0,fdr_lite0");
  ASSERT_EQ(without.size(), 1u);
  ASSERT_EQ(with.size(), 2u);
  EXPECT_EQ(with.count(*without.begin()), 1u) << "the reference itself is drawn anew";
}

TEST_F(SuiteGraphTest, WhoOnlyComesLaterIsWhatItIsWithoutTheEarlier) {
  // Pools of captions decide who encodes a text first, and nothing of what the judged ones or the probes are.
  const Hashes small = hashes(graph()), large = hashes(graph({"train.pool=256"}));
  EXPECT_NE(small.at("training_texts"), large.at("training_texts"));
  EXPECT_EQ(small.at("judged_texts"), large.at("judged_texts"));
  for (const StagePointer& stage : graph().stages) {
    const std::string& kind = stage->folder->kind();
    EXPECT_EQ(!stage->after.empty(), kind == "judged_texts" || kind == "pooled_texts" || kind == "probe") << kind;
  }
}

TEST_F(SuiteGraphTest, WhatIsJudgedTrainsNothingAgain) {
  const Kinds judged = {"calibrate", "draw", "judge", "judged_texts", "mush", "sample", "score"};
  Kinds more = judged;
  more.insert("draw_unrelated");  // as many as are judged, whichever they are
  EXPECT_EQ(new_kinds(graph({"evaluation.prompts=24"})), more);
  EXPECT_EQ(new_kinds(graph({"evaluation.seed=100"})), judged);
  EXPECT_EQ(new_kinds(graph({"evaluation.reworded=4"})),
            (Kinds{"draw", "draw_unrelated", "judge", "judged_texts", "sample", "score"}));
  EXPECT_EQ(new_kinds(graph({"evaluation.guidance=3"})), (Kinds{"judge", "sample", "score"}));
  EXPECT_EQ(new_kinds(graph({"steps=1,2,4"})), (Kinds{"judge", "sample", "score"}));
}

TEST_F(SuiteGraphTest, WhatOnlyPaintingReadsTrainsNothingAgain) {
  const std::vector<std::string> improved = {"objectives=improved_mean_flow", "claims=[]"};
  const auto hashes_with = [&](std::vector<std::string> more) {
    more.insert(more.end(), improved.begin(), improved.end());
    return hashes(graph(more));
  };
  const Hashes plain = hashes_with({}), other = hashes_with({"objective.improved_mean_flow.sample_from=0.4"});
  EXPECT_EQ(plain.at("train"), other.at("train"));
  EXPECT_NE(plain.at("sample"), other.at("sample"));
  EXPECT_NE(refusal({"objectives=improved_mean_flow", "claims=[]", "evaluation.guidance=20"}).find("1 to 8"),
            std::string::npos);
}

TEST_F(SuiteGraphTest, WhatIsOnlySaidMovesNoHash) {
  EXPECT_EQ(new_kinds(graph({"suite.name=other", "suite.question=why"})), Kinds());
  EXPECT_EQ(new_kinds(graph({"claims=[]"})), Kinds());
  EXPECT_EQ(new_kinds(graph({"train.checkpoints=3"})), Kinds()) << "how often a training is saved changes no result";
  EXPECT_EQ(new_kinds(graph({"encoders=hash", "steps=1"})), Kinds()) << "less of the same is all there";
}

TEST_F(SuiteGraphTest, NamesOfASuiteMoveNoHash) {
  const std::string tables = R"([encoder.words]
encoder = "hash"
[objective.mf]
objective = "mean_flow"
)";
  EXPECT_EQ(new_kinds(graph({"encoders=class_label,words", "objectives=flow_matching,mf,ddpm", "claims=[]"}, tables)),
            Kinds());
}

TEST_F(SuiteGraphTest, WhatTrainingDependsOnTrainsAnew) {
  const Kinds trained = {"judge", "sample", "score", "train"};
  EXPECT_EQ(new_kinds(graph({"train.learning_rate=1e-4"})), trained);
  EXPECT_EQ(new_kinds(graph({"train.pictures=1024"})),
            (Kinds{"judge", "latents", "pooled_texts", "probe", "sample", "score", "train", "training_texts"}));
  EXPECT_EQ(new_kinds(graph({"model.width=64"})), trained);
  EXPECT_EQ(new_kinds(graph({"objective.ddpm.drop=0.2"})), trained);
  EXPECT_EQ(new_kinds(graph({"seeds=7"})).count("train"), 1u);
  EXPECT_EQ(new_kinds(graph({"data_seed=1"})).count("train"), 1u);
  EXPECT_EQ(new_kinds(graph({"encoder.hash.dimension=64"})),
            (Kinds{"judge", "judged_texts", "pooled_texts", "probe", "sample", "score", "train", "training_texts"}));
  EXPECT_EQ(new_kinds(graph({"latent=pixels"})),
            (Kinds{"calibrate", "draw_unrelated", "judge", "latents", "mush", "sample", "score", "train"}));
}

TEST_F(SuiteGraphTest, PrecisionIsPartOfWhatItChangesAndOfNothingElse) {
  EXPECT_EQ(new_kinds(graph({"precision=fp32", "instrument_precision=fp32"})), Kinds());
  const Kinds trained = {"judge", "sample", "score", "train"};
  EXPECT_EQ(new_kinds(graph({"precision=bf16"})), trained);
  EXPECT_EQ(new_kinds(graph({"model.precision=bf16"})), trained);
  EXPECT_EQ(new_kinds(graph({"precision=bf16", "model.precision=fp32"})), Kinds()) << "a model's own word holds";
  const Kinds measured = new_kinds(graph({"instrument_precision=bf16"}));
  EXPECT_EQ(measured.count("latents"), 1u) << "made by the codec";
  EXPECT_EQ(measured.count("judge"), 1u);
  EXPECT_EQ(new_kinds(graph({"train.micro_batch=8"})), trained);
  EXPECT_EQ(new_kinds(graph({"train.micro_batch=32"})), Kinds()) << "the whole batch at once";
  EXPECT_EQ(new_kinds(graph({"objective.mean_flow.tangent=forward_ad"})), trained);
}

TEST_F(SuiteGraphTest, WhatAMetricReadsMovesItsScoresAlone) {
  EXPECT_EQ(new_kinds(graph({"metric.geneval.threshold=0.5"})), (Kinds{"score"}));
  EXPECT_EQ(new_kinds(graph({"metrics=geneval,kid_lite0", "evaluation.feature_steps=1"})),
            (Kinds{"picture_features", "reference_features", "score"}));
  EXPECT_EQ(new_kinds(graph({"metrics=geneval", "metric.geneval.title=other"})), Kinds());
  EXPECT_EQ(new_kinds(graph({"data.compositions=0.5", "evaluation.compositions=14", "metrics=geneval,question_graph",
                             "encoders=hash"}))
                .count("train"),
            1u)
      << "long captions are trained on too";
}

TEST_F(SuiteGraphTest, RowsShareWhatTheyHaveInCommon) {
  const SuiteGraph made = graph();
  ASSERT_EQ(made.rows.size(), 6u);
  const Row &flow = made.rows[0], &mean_flow = made.rows[1], &ddpm = made.rows[2];
  EXPECT_EQ(mean_flow.objective, "mean_flow");
  EXPECT_EQ(mean_flow.starts_from, "flow_matching");
  EXPECT_EQ(mean_flow.own_from, 256);
  ASSERT_EQ(flow.segments.size(), 2u);
  ASSERT_EQ(mean_flow.segments.size(), 2u);
  EXPECT_EQ(flow.segments[0], mean_flow.segments[0]) << "the first half is one stage";
  EXPECT_NE(flow.segments[1], mean_flow.segments[1]);
  EXPECT_EQ(ddpm.segments.size(), 1u);
}

TEST_F(SuiteGraphTest, SharesAreCutAtWholeSteps) {
  const SuiteGraph made = graph({"train.pictures=768", "objective.mean_flow.start_share=0.25"});
  EXPECT_EQ(made.rows[1].own_from, 192);
  EXPECT_EQ(made.rows[0].ends, (std::vector<int64_t>{192, 768}));
  EXPECT_NE(refusal({"objective.mean_flow.start_share=0.3"}).find("no whole number of steps"), std::string::npos);
}

TEST_F(SuiteGraphTest, OneObjectiveUnderTwoNamesSharesItsStart) {
  const std::string table = "[objective.mf_p1]\nobjective = \"mean_flow\"\nweight_power = 0.5\n";
  const SuiteGraph made = graph({"objectives=mean_flow,mf_p1,ddpm", "claims=[]"}, table);
  EXPECT_EQ(made.rows[0].segments[0], made.rows[1].segments[0]);
  EXPECT_NE(made.rows[0].segments[1], made.rows[1].segments[1]);
}

TEST_F(SuiteGraphTest, ModelsAndCodecsMultiplyRows) {
  Config config = parse_config(std::string(kSuite), "t.toml");
  config.values["model"]["wide"] = {{"width", 64}, {"title", "Wide"}};
  for (const char* word :
       {"models=wide", "latent=autoencoder,pixels", "objectives=mean_flow", "encoders=hash", "claims=[]"}) {
    apply_override(config, word);
  }
  const SuiteGraph made = build_suite_graph(read_suite(config), "/nowhere");
  std::vector<std::string> names;
  for (const Row& row : made.rows) names.push_back(row.objective);
  EXPECT_EQ(names,
            (std::vector<std::string>{"mean_flow", "mean_flow+pixels", "mean_flow+wide", "mean_flow+wide+pixels"}));
  EXPECT_EQ(made.rows[0].texts, made.rows[3].texts) << "texts are encoded once for all";
  const Json shown = suite_folder(made)->spec().at("names").at("objective");
  EXPECT_EQ(shown.at("mean_flow").at("title"), "MeanFlow");
  EXPECT_EQ(shown.at("mean_flow+wide+pixels").at("title"), "MeanFlow, Wide, pixels");
}

TEST_F(SuiteGraphTest, KeptCheckpointsAreCells) {
  const SuiteGraph made = graph({"checkpoints=128,384", "encoders=hash", "objectives=flow_matching,mean_flow"});
  std::vector<std::string> names;
  for (const Cell& cell : made.cells) {
    if (cell.steps == 1) names.push_back(cell.name());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"hash/flow_matching/1", "hash/flow_matching/1@128",
                                             "hash/flow_matching/1@384", "hash/mean_flow/1", "hash/mean_flow/1@384"}))
      << "at 128 pictures the row of mean_flow is flow matching still";
  EXPECT_NE(refusal({"checkpoints=100"}).find("multiple of train.batch"), std::string::npos);
}

TEST_F(SuiteGraphTest, ClaimsAboutNoCellAreRefusedBeforeAnythingRuns) {
  Config config = parse_config(std::string(kSuite), "t.toml");
  config.values["claims"][0]["claim"] = "hash/mean_flow/3 > hash/flow_matching/1";
  try {
    build_suite_graph(read_suite(config), "/nowhere");
    FAIL() << "a claim about three steps was taken";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("'hash/mean_flow/3', which is no cell of this suite"), std::string::npos);
  }
}

/// kSuite with distances and one claim more, whose three keys are given.
class ClaimChecks : public SuiteGraphTest {
 protected:
  static SuiteGraph graph_with(const std::string& metric, const std::string& left, const std::string& right,
                               const std::vector<std::string>& overrides) {
    std::string text = kSuite;
    text.insert(0, "metrics = [\"geneval\", \"kid_lite0\", \"precision_recall\"]\n");
    text.replace(text.find("prompts = 18"), 12, "prompts = 18\nfeature_steps = [1]\nreference_pictures = 8");
    text += fmt::format("[[claims]]\nname = \"d\"\nmetric = \"{}\"\nclaim = \"{} > {}\"\n", metric, left, right);
    Config config = parse_config(text, "t.toml");
    for (const std::string& word : overrides) apply_override(config, word);
    return build_suite_graph(read_suite(config), "/nowhere");
  }
  static std::string refusal_of(const std::string& metric, const std::string& left, const std::string& right) {
    try {
      graph_with(metric, left, right, {});
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  }
};

TEST_F(ClaimChecks, PartsThatAreMeasuredAreTaken) {
  const std::string a = "hash/mean_flow/1", b = "hash/ddpm/1";
  for (const char* metric : {"geneval", "geneval/counting", "kid_lite0", "precision_recall", "precision_recall_lite0",
                             "precision_recall/recall_lite0", "precision_recall/coverage_lite0"}) {
    EXPECT_EQ(refusal_of(metric, a, b), "no error") << metric;
  }
  EXPECT_EQ(refusal_of("kid_lite0", a, "ceiling"), "no error");
}

TEST_F(ClaimChecks, WhatIsNotMeasuredIsRefusedWithItsLine) {
  const std::string a = "hash/mean_flow/1", b = "hash/ddpm/1";
  EXPECT_EQ(refusal_of("geneval/countng", a, b),
            "t.toml:29: claim 'd' speaks of 'geneval/countng', and geneval has no such part here; did you mean "
            "'counting'?");
  EXPECT_NE(refusal_of("precision_recall/recall", a, b).find("no such part here; did you mean 'recall_lite0'?"),
            std::string::npos);
  EXPECT_EQ(refusal_of("kid_lite0", "hash/mean_flow/2", b),
            "t.toml:30: claim 'd' speaks of kid_lite0 of 'hash/mean_flow/2', and evaluation.feature_steps measures "
            "distances elsewhere");
  EXPECT_EQ(refusal_of("geneval", "hash/mean_flow/2", "hash/ddpm/2"), "no error") << "judged at every step count";
}

TEST_F(ClaimChecks, ACommandLineThatPaintsLessLeavesThemUndecided) {
  const SuiteGraph made = graph_with("kid_lite0", "hash/mean_flow/1", "hash/ddpm/1", {"steps=2"});
  ASSERT_EQ(made.notes.size(), 3u) << "distances, and both claims";
  EXPECT_EQ(made.notes[0],
            "no pictures are painted with 1 steps, of which evaluation.feature_steps asks distances; they are taken of "
            "none");
  EXPECT_EQ(made.notes[2],
            "the claim 'd' is left undecided; it speaks of 'hash/mean_flow/1', which is no cell of this suite");
}

TEST_F(ClaimChecks, ACeilingMustBeMeasured) {
  const auto questions = std::filesystem::temp_directory_path() / ("emf_questions_" + std::to_string(::getpid()));
  write_atomically(questions,
                   "item_id,text,proposition_id,dependency,category_broad,category_detailed,tuple,"
                   "question_natural_language\n1,a cat,1,0,entity,whole,cat,Is there a cat?\n");
  Config config = parse_config(kSuite, "t.toml");
  config.values["evaluation"]["questions"] = questions.string();
  config.values["metrics"] = {"geneval", "question_graph"};
  config.values["encoders"] = {"hash"};
  config.values["claims"][0]["claim"] = "hash/mean_flow/1 > ceiling";
  std::string message = "no error";
  try {
    build_suite_graph(read_suite(config), "/nowhere");
  } catch (const UserError& error) {
    message = error.what();
  }
  std::filesystem::remove(questions);
  EXPECT_NE(message.find("'ceiling', which is no cell of this suite"), std::string::npos) << message;
}

TEST_F(SuiteGraphTest, ClaimsMayLoseTheirCellsToTheCommandLine) {
  // Who runs a shipped suite with other encoders should not have to edit its claims: they are left undecided.
  EXPECT_EQ(graph({"steps=2,4"}).spec.claims.size(), 1u);
  EXPECT_EQ(graph({"objective.mean_flow.weight_power=0.5,1"}).spec.claims.size(), 1u);
}

TEST_F(SuiteGraphTest, MetricsMustFitTheData) {
  EXPECT_EQ(refusal({"metrics=question_graph", "claims=[]"}), "no error") << "each of GenEval's facts is asked for";
  EXPECT_NE(refusal({"claims=[]"}, "[metric.geneval]\nprompts = \"new\"\n").find("no judged prompt is of that kind"),
            std::string::npos);
  EXPECT_NE(refusal({"data.compositions=0.5", "evaluation.compositions=14"}).find("add \"question_graph\" to metrics"),
            std::string::npos);
  EXPECT_NE(refusal({"model.widht=3"}).find("did you mean 'width'?"), std::string::npos) << "read before the run";
}

TEST_F(SuiteGraphTest, OptionsOfMetricsAndProbesAreReadBeforeTheRun) {
  EXPECT_EQ(refusal({}, "[metric.geneval]\ntreshold = 0.5\n"),
            "t.toml:25: unknown key 'metric.geneval.treshold'; did you mean 'threshold'?");
  EXPECT_EQ(refusal({}, "[metric.geneval]\nthreshold = \"high\"\n").substr(0, 10), "t.toml:25:");
  EXPECT_EQ(refusal({}, "[probe.disentanglement]\ndraw = 3\n"),
            "t.toml:25: unknown key 'probe.disentanglement.draw'; did you mean 'draws'?");
}

TEST_F(SuiteGraphTest, EncodersOfLabelsAndLongCaptionsAreRefusedBeforeTheRun) {
  const std::vector<std::string> long_captions = {"data.compositions=0.5", "evaluation.compositions=14",
                                                  "metrics=geneval,question_graph", "claims=[]"};
  EXPECT_NE(refusal(long_captions).find("'class_label' cannot read all that this suite shows it"), std::string::npos);
  EXPECT_NE(refusal({"data.compositions=0.5", "claims=[]"}).find("cannot read all that this suite shows it"),
            std::string::npos)
      << "trained on, though not judged";
}

}  // namespace
}  // namespace emf
