#include "notices/rules/discord.h"

#include <algorithm>

#include "base/json_writer.h"
#include "notices/rules/text_limits.h"

namespace gk::notices {
namespace {

constexpr int kInfo = 0x3b82f6;      // Source: chosen; the dashboard's blue
constexpr int kWarning = 0xf59e0b;   // Source: chosen; its amber
constexpr int kError = 0xef4444;     // Source: chosen; its red
constexpr int kCritical = 0x991b1b;  // Source: chosen; its dark red

int color_of(Severity severity) {
  switch (severity) {
    case Severity::info: return kInfo;
    case Severity::warning: return kWarning;
    case Severity::error: return kError;
    case Severity::critical: break;
  }
  return kCritical;
}

/// Cuts texts while a common budget lasts.
class Budget {
 public:
  explicit Budget(std::size_t total) : left_(total) {}
  std::string take(std::string_view text, std::size_t limit) {
    const std::size_t most = std::min(limit, left_);
    if (most == 0) return {};
    std::string out = cut_text(text, most);
    left_ -= utf16_length(out);
    return out;
  }
  bool fits(std::size_t units) const { return units <= left_; }

 private:
  std::size_t left_;
};

}  // namespace

std::string discord_body(const Notice& notice, const EmbedLimits& limits) {
  Budget budget(limits.total);
  const std::string title = budget.take(notice.title, limits.title);
  const std::string footer = budget.take("Gamekeeper · " + notice.id, limits.footer);
  // Fields come before a long text: a metric that is missing misleads, a shortened text does not.
  std::vector<NoticeField> fields;
  for (const NoticeField& field : notice.fields) {
    if (fields.size() == limits.fields || !budget.fits(2)) break;
    // Discord refuses an embed with an empty name or value.
    std::string name = budget.take(field.name.empty() ? "-" : field.name, limits.field_name);
    std::string value = budget.take(field.value.empty() ? "-" : field.value, limits.field_value);
    if (value.empty()) break;
    fields.push_back({std::move(name), std::move(value)});
  }
  const std::string text = budget.take(notice.text, limits.description);

  std::string out;
  JsonWriter w(out);
  w.begin_object().key("embeds").begin_array().begin_object();
  w.field("title", title).field("description", text).field("color", color_of(notice.severity));
  w.field("timestamp", notice.at).key("fields").begin_array();
  for (const NoticeField& field : fields) {
    w.begin_object().field("name", field.name).field("value", field.value);
    w.field("inline", true).end_object();
  }
  w.end_array().key("footer").begin_object().field("text", footer).end_object();
  w.end_object().end_array();
  w.key("allowed_mentions").begin_object().key("parse").begin_array().end_array().end_object();
  w.end_object();
  return out;
}

std::string discord_url(const std::string& webhook_url) {
  return webhook_url + (webhook_url.find('?') == std::string::npos ? "?" : "&") + "wait=true";
}

}  // namespace gk::notices
