#include "cli/users.h"

#include <ostream>

#include "base/json_writer.h"

namespace gk::cli {

std::string path_segment(const std::string& text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

Result<std::string> user_id_of(Context& context, const std::string& username) {
  const auto answer = context.get("/users?username=" + path_segment(username));
  if (!answer) return answer.error();
  const auto& items = items_of(*answer);
  if (items.empty()) return Error{Errc::not_found, "there is no user " + username};
  return text_of(items[0], "id");
}

int print_list(Context& context, const Result<JsonValue>& answer,
               const std::vector<std::string>& headings, const std::vector<std::string>& members) {
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& item : items_of(*answer)) {
    std::vector<std::string> row;
    for (const std::string& member : members) {
      const JsonValue* value = item.find(member);
      std::string text;
      if (value != nullptr && value->is_array()) {
        for (const JsonValue& part : value->as_array()) {
          if (part.is_string()) text += (text.empty() ? "" : " ") + part.as_string();
        }
      } else {
        text = text_of(item, member);
      }
      row.push_back(std::move(text));
    }
    rows.push_back(std::move(row));
  }
  print_table(context.out(), headings, rows);
  const JsonValue* next = answer->find("next_cursor");
  if (next != nullptr && next->is_string()) {
    context.out() << "… more: --cursor " << text_of(*answer, "next_cursor") << "\n";
  }
  return 0;
}

int print_done(Context& context, const Result<JsonValue>& answer, const std::string& done) {
  if (!answer) return context.fail(answer.error());
  if (!answer->is_null() && context.printed_json(*answer)) return 0;
  context.out() << done << "\n";
  return 0;
}

}  // namespace gk::cli
