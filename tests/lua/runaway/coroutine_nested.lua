local function deep(n)
  if n == 0 then while true do end end
  coroutine.resume(coroutine.create(function() deep(n - 1) end))
  while true do end
end
deep(50)
