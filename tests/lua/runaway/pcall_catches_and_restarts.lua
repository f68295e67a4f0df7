local function run()
  local ok = pcall(function() while true do end end)
  return run()
end
run()
