#include "harness/engine/text/encoder_source.h"

#include <algorithm>

#include "harness/api/pooling.h"
#include "harness/base/error.h"

namespace emf {

EncoderChoice read_encoder_choice(const Config& config, ConfigReader& suite, const std::string& name) {
  EncoderChoice choice;
  choice.name = choice.encoder = name;
  const Json tables = config.values.value("encoder", Json::object());
  const bool explained = tables.is_object() && tables.contains(name);
  if (explained) {
    ConfigReader reader(config, "encoder." + name);
    choice.encoder = reader.text("encoder", name);
    choice.pretrain = reader.flag("pretrain", true);
    choice.values_of = reader.text("values_of", "");
    choice.pooling = reader.choice("pooling", choice.pooling, pooling_names());
    choice.learning_rate = reader.number("learning_rate", 0, 0, 1);
    // What is left is the encoder's own to check: a typo is refused when the encoder is made.
    const std::vector<std::string> read = {"encoder", "pretrain", "values_of", "pooling", "learning_rate"};
    for (const auto& [key, value] : tables.at(name).items()) {
      if (std::find(read.begin(), read.end(), key) == read.end()) choice.options[key] = value;
    }
    if (!parse_encoder_spec(choice.encoder)) {
      fail_input("{}: 'encoder' names '{}', which is not registered{}", reader.place("encoder"), choice.encoder,
                 suggestion(choice.encoder, EncoderRegistry::instance().names()));
    }
  } else if (!parse_encoder_spec(name)) {
    fail_input("{}: 'encoders' names '{}', which is not registered{}", suite.place("encoders"), name,
               suggestion(name, EncoderRegistry::instance().names()));
  }
  return choice;
}

std::shared_ptr<Encoder> EncoderSource::untrained() const {
  return make_encoder(choice_.encoder, choice_.options, static_cast<uint64_t>(seed_));
}

std::shared_ptr<Encoder> EncoderSource::make(const Json& more) const {
  Json options = choice_.options;
  options.update(more);
  if (values_) {
    ensure(values_->folder->state() == StageState::kDone, "encoder {} is made before '{}' has finished", choice_.name,
           values_->label);
    options["values"] = values_->folder->file(kEncoderValues).string();
  }
  return make_encoder(choice_.encoder, options, static_cast<uint64_t>(seed_));
}

}  // namespace emf
