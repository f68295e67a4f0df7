#include "referee/offline/options_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace gk::referee {
namespace {

struct TimeOption {
  const char* name;
  std::int64_t RefereeOptions::* field;
};
struct NumberOption {
  const char* name;
  double RefereeOptions::* field;
};

constexpr std::array<TimeOption, 10> kTimes = {{{"bcap", &RefereeOptions::max_credit_us},
                                                {"j0", &RefereeOptions::base_credit_us},
                                                {"jmin", &RefereeOptions::min_base_credit_us},
                                                {"join", &RefereeOptions::join_credit_us},
                                                {"loose", &RefereeOptions::loose_us},
                                                {"loose_min", &RefereeOptions::min_loose_us},
                                                {"slack", &RefereeOptions::slack_us},
                                                {"carry", &RefereeOptions::carry_us},
                                                {"hold", &RefereeOptions::evidence_hold_us},
                                                {"block", &RefereeOptions::block_us}}};
constexpr std::array<NumberOption, 9> kNumbers = {{{"rho", &RefereeOptions::credit_leak},
                                                   {"eps", &RefereeOptions::speed_tolerance},
                                                   {"leak", &RefereeOptions::pool_leak},
                                                   {"decay", &RefereeOptions::evidence_decay},
                                                   {"lambda", &RefereeOptions::bet},
                                                   {"m", &RefereeOptions::honest_block_rate},
                                                   {"watch", &RefereeOptions::watch_at},
                                                   {"review", &RefereeOptions::review_at},
                                                   {"move_rate", &RefereeOptions::max_move_rate}}};

}  // namespace

Result<void> set_option(RefereeOptions& options, std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  const std::string_view name = assignment.substr(0, equals);
  double value = 0;
  if (equals != std::string_view::npos) {
    const std::string_view text = assignment.substr(equals + 1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) ||
        std::fabs(value) > 1e12)
      return Error{Errc::invalid_argument,
                   std::string(name) + ": expected a number, got \"" + std::string(text) + "\""};
  }
  std::string known;
  for (const auto& [option, field] : kTimes) {
    if (option == name && equals != std::string_view::npos) {
      options.*field = std::llround(value * 1e6);
      return {};
    }
    known += std::string(option) + " ";
  }
  for (const auto& [option, field] : kNumbers) {
    if (option == name && equals != std::string_view::npos) {
      options.*field = value;
      return {};
    }
    known += std::string(option) + " ";
  }
  return Error{Errc::invalid_argument, "expected NAME=NUMBER with NAME one of " + known +
                                           "; got \"" + std::string(assignment) + "\""};
}

Result<double> get_option(const RefereeOptions& options, std::string_view name) {
  for (const auto& [option, field] : kTimes)
    if (option == name) return static_cast<double>(options.*field) / 1e6;
  for (const auto& [option, field] : kNumbers)
    if (option == name) return options.*field;
  return Error{Errc::invalid_argument, "no option \"" + std::string(name) + "\""};
}

std::vector<std::string_view> option_names() {
  std::vector<std::string_view> names;
  for (const auto& [option, field] : kTimes) names.emplace_back(option);
  for (const auto& [option, field] : kNumbers) names.emplace_back(option);
  return names;
}

RefereeOptions competitive_options() {
  RefereeOptions options;
  options.max_credit_us = 1'000'000;
  return options;
}

}  // namespace gk::referee
