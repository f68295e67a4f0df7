while true do coroutine.resume(coroutine.create(function() sleep(1000) end)) end
