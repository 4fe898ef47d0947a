// SPDX-License-Identifier: Apache-2.0
// Chat templates, read and asked.
#include "encoders/chat_templates/template_program.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  using namespace emf;
  const TemplateProgram program{std::string(bytes)};
  TemplateNamespace values;
  values["messages"] = TemplateValue(TemplateData::parse(R"([{"role": "user", "content": "a photo of a cat"}])"));
  values["add_generation_prompt"] = TemplateValue(TemplateData(true));
  values["bos_token"] = TemplateValue(std::string("<s>"));
  program.run(values, "2026-01-31");
}
