#include "accounts/rules/password_policy.h"

#include <algorithm>
#include <array>
#include <vector>

#include "accounts/rules/common_passwords.h"
#include "base/utf8.h"

namespace gk::accounts {
namespace {

/// Lines along which a finger or a child's rhyme runs; read in both directions. Source: chosen.
constexpr std::array<std::string_view, 7> kRuns{"abcdefghijklmnopqrstuvwxyz",
                                                "01234567890",
                                                "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
                                                "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
                                                "qwertzuiopasdfghjklyxcvbnm",
                                                "azertyuiopqsdfghjklmwxcvbn",
                                                "!@#$%^&*()_+"};

std::string folded(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::size_t count_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // not a continuation byte
  }));
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

bool on_a_run(char a, char b) {
  const std::array<char, 2> ahead{a, b};
  const std::array<char, 2> back{b, a};
  return a == b || std::any_of(kRuns.begin(), kRuns.end(), [&](std::string_view run) {
           return run.find(std::string_view(ahead.data(), 2)) != std::string_view::npos ||
                  run.find(std::string_view(back.data(), 2)) != std::string_view::npos;
         });
}

/// True when two thirds or more of the steps follow a run or stay.
bool is_mostly_runs(std::string_view text) {
  std::size_t steps = 0;
  for (std::size_t i = 1; i < text.size(); ++i) steps += on_a_run(text[i - 1], text[i]) ? 1U : 0U;
  return text.size() > 1 && steps * 3 >= (text.size() - 1) * 2;
}

/// True when the text is one piece of at most half its length, again and again.
bool is_repeated_piece(std::string_view text) {
  for (std::size_t period = 1; period * 2 <= text.size(); ++period) {
    if (text.substr(period) == text.substr(0, text.size() - period)) return true;
  }
  return false;
}

bool has_few_characters(std::string_view text) {
  std::string distinct(text);
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  return distinct.size() < 5;
}

std::string without(std::string text, std::string_view piece) {
  for (std::size_t at = text.find(piece); at != std::string::npos; at = text.find(piece)) {
    text.erase(at, piece.size());
  }
  return text;
}

}  // namespace

std::optional<std::string> password_fault(std::string_view password, std::string_view username) {
  if (password.size() > kMaxPasswordBytes) return "expected at most 1024 bytes";
  if (!is_utf8(password)) return "expected UTF-8 text";
  if (has_control(password)) return "expected no control characters";
  if (count_points(password) < kMinPasswordPoints) return "expected at least 12 characters";
  const std::string text = folded(password);
  if (has_few_characters(text)) return "expected at least 5 different characters";
  if (is_repeated_piece(text)) return "is one piece repeated";
  if (is_mostly_runs(text)) return "runs along the alphabet, the digits or a keyboard";
  if (is_common_password(text)) return "is on the list of common passwords";
  // A name of one or two letters is in many good passwords by chance.
  if (username.size() >= 3 && text.find(folded(username)) != std::string::npos &&
      count_points(without(text, folded(username))) < kMinPasswordPoints) {
    return "expected at least 12 characters besides the username";
  }
  return std::nullopt;
}

}  // namespace gk::accounts
