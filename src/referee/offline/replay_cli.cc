// `replay` as a program.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "referee/offline/options_text.h"
#include "referee/offline/replay.h"

namespace gk::referee {
namespace {

constexpr const char* kUsage =
    "usage: replay FILE|- [--events] [--keep-going] [--mode bounded|shadow|smart_ts|smart_cs] "
    "[--set NAME=VALUE] [--preset competitive] [--progress]";

bool read_mode(const std::string& text, ReplayMode& mode) {
  if (text == "bounded")
    mode = ReplayMode::bounded;
  else if (text == "shadow")
    mode = ReplayMode::shadow;
  else if (text == "smart_ts")
    mode = ReplayMode::smart_ts;
  else if (text == "smart_cs")
    mode = ReplayMode::smart_cs;
  else
    return false;
  return true;
}

/// Empty = understood; else the complaint.
std::string read_arguments(std::span<const std::string> arguments, ReplayOptions& options,
                           bool& progress) {
  std::string file;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    const bool has_value = i + 1 < arguments.size();
    if (name == "--events")
      options.events = true;
    else if (name == "--keep-going")
      options.keep_going = true;
    else if (name == "--progress")
      progress = true;
    else if (name == "--mode" && has_value && read_mode(arguments[i + 1], options.mode))
      ++i;
    else if (name == "--preset" && has_value && arguments[i + 1] == "competitive") {
      options.referee = competitive_options();
      ++i;
    } else if (name == "--set" && has_value) {
      if (auto set = set_option(options.referee, arguments[++i]); !set) return set.error().message;
    } else if (file.empty() && (name == "-" || !name.starts_with("-"))) {
      file = name;
    } else {
      return kUsage;
    }
  }
  if (file.empty()) return kUsage;
  options.name = file;
  // A smaller Bcap bounds the other credits too, so that `--set bcap=…` alone is enough.
  auto& o = options.referee;
  o.join_credit_us = std::min(o.join_credit_us, o.max_credit_us);
  o.base_credit_us = std::min(o.base_credit_us, o.max_credit_us);
  o.join_credit_us = std::max(o.join_credit_us, o.base_credit_us);
  o.min_base_credit_us = std::min(o.min_base_credit_us, o.base_credit_us);
  o.min_loose_us = std::min(o.min_loose_us, o.loose_us);
  o.carry_us = std::min(o.carry_us, o.slack_us);
  return {};
}

void draw_bar(std::ostream& error, std::uint64_t done, std::uint64_t all) {
  const int percent = all > 0 ? static_cast<int>(100 * done / all) : 0;
  char bar[64];
  std::snprintf(bar, sizeof bar, "\r[%-20.*s] %3d %%", percent / 5, "####################",
                percent);
  error << bar << std::flush;
}

}  // namespace

int replay_main(std::span<const std::string> arguments, std::istream& in, std::ostream& out,
                std::ostream& error) {
  ReplayOptions options;
  bool progress = false;
  if (const std::string complaint = read_arguments(arguments, options, progress);
      !complaint.empty()) {
    error << complaint << '\n';
    return 2;
  }
  std::ifstream file;
  if (options.name != "-") {
    file.open(options.name, std::ios::binary);
    if (!file) {
      error << options.name << ": cannot be opened\n";
      return 1;
    }
    std::error_code ignored;
    const auto size = std::filesystem::file_size(options.name, ignored);
    if (progress && !ignored)
      options.progress = [&error, size](std::uint64_t done) { draw_bar(error, done, size); };
  }
  const auto stats = replay(options.name == "-" ? in : file, out, error, options);
  if (options.progress) error << '\n';
  if (!stats) {
    error << stats.error().message << '\n';
    return 2;
  }
  return stats->errors == 0 ? 0 : 1;
}

}  // namespace gk::referee
