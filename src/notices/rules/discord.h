// discord.h: a notice as a Discord webhook message: one embed within Discord's limits, and nobody
// is ever mentioned, whatever a macro put into its text.

#pragma once

#include <cstddef>
#include <string>

#include "notices/rules/notice.h"

namespace gk::notices {

/// Limits of an embed, in UTF-16 code units. Source: Discord API, embed limits.
struct EmbedLimits {
  std::size_t title = 256, description = 4'096, fields = 25, field_name = 256;
  std::size_t field_value = 1'024, footer = 2'048, total = 6'000;
};

/// The JSON body. `limits` for tests.
std::string discord_body(const Notice& notice, const EmbedLimits& limits = {});

/// The webhook's URL, asked to confirm that the message exists (?wait=true): without it an answer
/// of 204 only says that it was read.
std::string discord_url(const std::string& webhook_url);

}  // namespace gk::notices
