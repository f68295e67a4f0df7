#include "monitor/rules/history.h"

#include <utility>

namespace gk::monitor {

void History::push(Item snapshot) {
  if (snapshot == nullptr) return;
  if (!items_.empty() && snapshot->at < items_.back()->at) return;
  items_.push(std::move(snapshot));
}

Average History::average(Signal Snapshot::* signal, Nanos window, MonoTime now) const {
  Average out{.value = {}, .samples_used = 0, .samples_total = 0, .window = window};
  double sum = 0;
  std::optional<MonoTime> last_used;
  for (std::size_t i = items_.size(); i-- > 0;) {
    const Snapshot& snapshot = *items_[i];
    if (snapshot.at > now) continue;
    if (snapshot.at <= now - window) break;
    ++out.samples_total;
    const Signal& value = snapshot.*signal;
    if (!value.is_known(snapshot.at) || value.at() == last_used) continue;
    last_used = value.at();
    sum += value.value();
    ++out.samples_used;
  }
  if (out.samples_used > 0) out.value = sum / static_cast<double>(out.samples_used);
  return out;
}

}  // namespace gk::monitor
