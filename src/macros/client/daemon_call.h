// daemon_call.h: one HTTP request to the daemon over its Unix socket, with the means of POSIX only.
// It reads nothing but answers of the daemon: flat objects of bounded size.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk::macro_client {

inline constexpr std::size_t kMaxAnswer = 64 * 1024;  // Source: chosen; an active macro is 2 KiB

struct Answer {
  int status = 0;
  std::string body;
};

/// Errors: unavailable (no daemon, or it went away), deadline_exceeded, cancelled (`wake` became
///         readable), data_loss (no HTTP, or longer than kMaxAnswer), invalid_argument (path).
/// Thread: safe.     Cost: blocks until the answer or `deadline`. `wake` -1: none.
Result<Answer> call_daemon(const std::string& socket, std::string_view method,
                           std::string_view target, std::string_view body, Millis deadline,
                           int wake);

/// The string under `key` of the outermost object; nothing when it is absent or no string.
std::optional<std::string> member_text(std::string_view json, std::string_view key);
/// `text` as a JSON string with quotes. Control characters and what is no ASCII are kept as valid
/// JSON allows.
std::string json_text(std::string_view text);

}  // namespace gk::macro_client
