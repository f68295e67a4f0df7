local all = {}
while true do
  all[#all % 1000 + 1] = coroutine.create(function() while true do coroutine.yield() end end)
  for _, co in ipairs(all) do coroutine.resume(co) end
end
