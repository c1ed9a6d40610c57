#Requires -RunAsAdministrator
<#
.SYNOPSIS
  Installs, or with -Uninstall removes, StreamRnn as a Windows service.
.DESCRIPTION
  Copies the published streamrnn.exe to Program Files and registers the service StreamRnn, which starts with Windows, runs as the unprivileged account
  LocalService, and is started again when it fails. Settings: appsettings.json beside the executable; an existing one is kept.
  Exit code 78 means that the configuration was refused; the reason is in the Windows event log (Application, source StreamRnn).
.EXAMPLE
  .\install-windows-service.ps1 -Executable .\streamrnn.exe -Broker mqtt://broker.example:1883
.EXAMPLE
  .\install-windows-service.ps1 -Uninstall
#>
[CmdletBinding(DefaultParameterSetName = 'Install')]
param(
    [Parameter(ParameterSetName = 'Install')]
    [string] $Executable = (Join-Path $PSScriptRoot 'streamrnn.exe'),

    # Default: what appsettings.json says, else the embedded broker on loopback.
    [Parameter(ParameterSetName = 'Install')]
    [ValidatePattern('^mqtts?://')]
    [string] $Broker,

    [string] $Folder = (Join-Path $env:ProgramFiles 'StreamRnn'),

    [Parameter(ParameterSetName = 'Uninstall', Mandatory)]
    [switch] $Uninstall
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$name = 'StreamRnn'

function Invoke-Sc {
    & sc.exe @args | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "sc.exe $args ended with $LASTEXITCODE" }
}

$service = Get-Service -Name $name -ErrorAction SilentlyContinue
if ($service -and $service.Status -ne 'Stopped') {
    Stop-Service -Name $name
    $service.WaitForStatus('Stopped', [TimeSpan]::FromSeconds(30))
}

if ($Uninstall) {
    if ($service) { Invoke-Sc delete $name }
    Write-Output "The service $name is removed. Its folder $Folder is left for you to delete."
    return
}

if (-not (Test-Path $Executable)) {
    throw "There is no $Executable. Publish it first: dotnet publish src/StreamRnn.Host -c Release -r win-x64"
}

New-Item -ItemType Directory -Force -Path $Folder | Out-Null
$target = Join-Path $Folder 'streamrnn.exe'
Copy-Item -Force $Executable $target
$settings = Join-Path $Folder 'appsettings.json'
$given = Join-Path (Split-Path $Executable) 'appsettings.json'
if (-not (Test-Path $settings) -and (Test-Path $given)) { Copy-Item $given $settings }

$command = '"{0}" run' -f $target
if ($Broker) { $command += " --broker $Broker" }
if ($service) {
    Invoke-Sc config $name binPath= $command start= delayed-auto obj= 'NT AUTHORITY\LocalService'
} else {
    New-Service -Name $name -BinaryPathName $command -DisplayName 'StreamRnn' -StartupType Automatic `
        -Description 'Finds anomalies in MQTT streams.' | Out-Null
    Invoke-Sc config $name start= delayed-auto obj= 'NT AUTHORITY\LocalService'
}

# Start again after 2 s, 10 s, 60 s; forget failures after a day. failureflag: an exit code other than 0 counts as a failure too.
Invoke-Sc failure $name reset= 86400 actions= restart/2000/restart/10000/restart/60000
Invoke-Sc failureflag $name 1
Start-Service -Name $name
Get-Service -Name $name
