#include "cli/line_editor.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/utf8.h"

namespace gk::cli {
namespace {

constexpr char kCtrlA = 1, kCtrlC = 3, kCtrlD = 4, kCtrlE = 5, kCtrlK = 11, kCtrlU = 21,
               kCtrlW = 23, kEscape = 27, kDelete = 127;
constexpr std::size_t kMaxLine = 8192;  // Source: as the API takes.

/// One byte of the terminal; nullopt at its end.
std::optional<char> read_key() {
  char key = 0;
  if (::read(STDIN_FILENO, &key, 1) != 1) return std::nullopt;
  return key;
}

/// Keys come one by one and unechoed while it lives.
class RawTerminal {
 public:
  RawTerminal() : known_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!known_) return;
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_iflag &= ~static_cast<tcflag_t>(IXON);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  }
  ~RawTerminal() {
    if (known_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios before_{};
  const bool known_;
};

void put(std::string_view text) { (void)!::write(STDOUT_FILENO, text.data(), text.size()); }

// Characters, not bytes: where the cursor goes. Wide characters count as one.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace

LineEditor::LineEditor(std::string prompt, Complete complete)
    : prompt_(std::move(prompt)), complete_(std::move(complete)) {}

std::optional<std::string> LineEditor::read() {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }
  std::cout.flush();
  auto line = edit();
  put("\n");
  if (line && !line->empty() && (history_.empty() || history_.back() != *line)) {
    history_.push_back(*line);
    if (history_.size() > kHistory) history_.erase(history_.begin());
  }
  return line;
}

std::optional<std::string> LineEditor::edit() {
  const RawTerminal raw;
  line_.clear();
  at_ = 0;
  recalled_ = history_.size();
  for (;;) {
    draw();
    const auto key = read_key();
    if (!key || (*key == kCtrlD && line_.empty())) return std::nullopt;
    if (!on_key(*key)) return line_;
  }
}

// False: the line is complete.
bool LineEditor::on_key(char key) {
  switch (key) {
    case '\r':
    case '\n': return false;
    case kCtrlA: at_ = 0; break;
    case kCtrlE: at_ = line_.size(); break;
    case kCtrlC:
      line_.clear();
      at_ = 0;
      break;
    case kCtrlK: line_.erase(at_); break;
    case kCtrlU:
      line_.erase(0, at_);
      at_ = 0;
      break;
    case kCtrlW: {
      std::size_t start = at_;
      while (start > 0 && line_[start - 1] == ' ') --start;
      while (start > 0 && line_[start - 1] != ' ') --start;
      line_.erase(start, at_ - start);
      at_ = start;
      break;
    }
    case '\b':
    case kDelete: {
      const std::size_t start = before(at_);
      line_.erase(start, at_ - start);
      at_ = start;
      break;
    }
    case kCtrlD: line_.erase(at_, after(at_) - at_); break;
    case '\t': complete(); break;
    case kEscape: on_escape(); break;
    default:
      if (static_cast<unsigned char>(key) < 0x20 || line_.size() >= kMaxLine) break;
      line_.insert(at_++, 1, key);
  }
  return true;
}

void LineEditor::on_escape() {
  const auto bracket = read_key();
  if (!bracket || (*bracket != '[' && *bracket != 'O')) return;
  const auto key = read_key();
  if (!key) return;
  switch (*key) {
    case 'A': return recall(-1);
    case 'B': return recall(1);
    case 'C': at_ = after(at_); return;
    case 'D': at_ = before(at_); return;
    case 'H': at_ = 0; return;
    case 'F': at_ = line_.size(); return;
    case '3':
      (void)read_key();  // "~"
      line_.erase(at_, after(at_) - at_);
      return;
    default: return;
  }
}

void LineEditor::recall(int step) {
  if (step < 0 && recalled_ > 0) --recalled_;
  if (step > 0 && recalled_ < history_.size()) ++recalled_;
  line_ = recalled_ < history_.size() ? history_[recalled_] : "";
  at_ = line_.size();
}

// Adds what all candidates have in common; shows them when that is nothing.
void LineEditor::complete() {
  if (!complete_ || at_ != line_.size()) return;
  const auto words = complete_(line_);
  if (words.empty()) return;
  std::string common = words.front();
  for (const std::string& word : words) {
    const auto differs = std::mismatch(common.begin(), common.end(), word.begin(), word.end());
    common.erase(differs.first, common.end());
  }
  if (common.size() > line_.size() && is_utf8(common)) {
    line_ = common;
    at_ = line_.size();
  } else if (words.size() > 1) {
    put("\n");
    for (const std::string& word : words) put(printable(word) + "  ");
    put("\n");
  }
}

void LineEditor::draw() const {
  std::string out = "\r\x1b[K" + prompt_ + line_;
  const std::size_t back = characters(std::string_view(line_).substr(at_));
  if (back > 0) out += "\x1b[" + std::to_string(back) + "D";
  put(out);
}

std::size_t LineEditor::before(std::size_t at) const {
  if (at == 0) return 0;
  for (--at; at > 0 && (static_cast<unsigned char>(line_[at]) & 0xC0) == 0x80;) --at;
  return at;
}

std::size_t LineEditor::after(std::size_t at) const {
  if (at >= line_.size()) return line_.size();
  for (++at; at < line_.size() && (static_cast<unsigned char>(line_[at]) & 0xC0) == 0x80;) ++at;
  return at;
}

}  // namespace gk::cli
